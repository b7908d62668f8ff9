"""Columns of words, of 0 and 1, of + and -: the states of a character, gathered from their spellings.

A proposal, as everything that is guessed of a table: states are merged, ordered or left out by hand.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow as pa

from flora_core.errors import Refused
from flora_core.model import Ints
from flora_core.ontology import ontology_term, without_term
from flora_core.states import MOST_STATES, NOT_APPLICABLE, CharacterKind, State
from flora_core.study import Measurement
from flora_core.tables.columns.header_words import ID_NAMES, fold_accents, letters_of
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.state_words import BINARY, SCALES, english_state, state_key
from flora_core.tables.values.states import split_states
from flora_core.tables.values.text import word_set

#: Headers of what is noted of a plant and is no character of it, letters only.
_NO_CHARACTERS: Final = word_set(
    "notes note remarks remark comments comment bemerkung bemerkungen anmerkung remarque remarques observaciones "
    "osservazioni poznamka uwagi collector collectors collectedby recordedby leg legit det determinedby identifiedby "
    "observer author authors autor autoren country land pays pais paese zeme kraj province state county region "
    "district locality location site standort fundort habitat population pop date year month season family familia "
    "famille familie order class section subgenus genus tribe series commonname vernacularname englishname germanname "
    "status rank taxonrank source reference herbarium institution institutioncode basisofrecord photo image picture "
    "url link file filename dataset studyname comments experiment block replicate batch plot quadrat researcher "
    "person name units unit license licence sampletype lifestage stage "
)
#: States that a column of words may have at most, unless a person says that it is a character.
_MOST_GUESSED: Final = 20
#: Cells a state that a column of words must have on average.
_CELLS_A_STATE: Final = 3.0
#: Words and characters of a text that is still the name of a state.
_MOST_WORDS, _LONGEST = 5, 40


@dataclass(frozen=True, slots=True)
class GatheredState:
    """One state as it was gathered: its label, every spelling of it, and how many cells hold it."""

    label: str
    spellings: tuple[str, ...]
    cells: int


@dataclass(frozen=True, slots=True)
class StateColumn:
    """A column of states.

    Attributes
    ----------
    column : int
    kind : {"unordered", "ordered"}
    states : tuple of GatheredState
        In their order, or the commonest first where they have none.
    several : int
        Cells that hold several states at once.
    inapplicable : int
        Cells that say "not applicable".
    alike : tuple of (str, str)
        Pairs of states that may be one, the rarer first.
    fault, because : str
        "" for one that is a character; else what keeps it from being one, without a full stop.
    """

    column: int
    kind: CharacterKind
    states: tuple[GatheredState, ...]
    several: int = 0
    inapplicable: int = 0
    alike: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class StateChoices:
    """What a person said of the states of one column.

    Attributes
    ----------
    kind : CharacterKind or None
        None to guess.
    merged : mapping of str to str
        {state: the state it counts as}; "" for not known.
    order : tuple of str
        The states in their order; makes them ordered.
    hints : mapping of str to str
        {state: how to recognise it}.
    pictures : mapping of str to str
        {state: its picture, as `flora_core.states.State` keeps it}.
    terms : mapping of str to str
        {state: its ontology term}; that of the character itself under "".
    """

    kind: CharacterKind | None = None
    merged: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)


def propose_states(
    header: str,
    column: int,
    cells: pa.StringArray,
    species: Ints,
    choices: StateChoices | None = None,
    *,
    asked: bool = False,
) -> StateColumn | None:
    """The character that a column of words holds; None where it does not look like one and nobody says that it is.

    Parameters
    ----------
    cells : pyarrow.StringArray
        The column as typed.
    species : (n,) int
        The species of each row; -1 where it has none.
    choices : StateChoices, optional
        What a person said.
    asked : bool
        Whether the column was asked for by its name.

    Raises
    ------
    Refused
        It is said to be a character with states, and has more of them than there can be.
    """
    said = choices or StateChoices()
    asked = asked or said.kind in ("unordered", "ordered") or bool(said.order)
    if said.kind in ("measured", "counted") or (not asked and is_no_character(header)):
        return None
    texts = Counter(text.strip() for text in cells.fill_null("").to_pylist())
    binary = _binary(texts)
    if binary is not None and not said.order and said.kind != "ordered":
        return _with_fault(StateColumn(column, "unordered", binary), header, cells, species, said)
    nothing = _means_nothing(texts)
    held = {t: n for t, n in texts.items() if not _says_nothing(t) or (nothing and english_state(t) == "none")}
    inapplicable = sum(n for text, n in texts.items() if english_state(text) == NOT_APPLICABLE and text.lower() != "na")
    if not held or (said.kind is None and not said.order and not _are_words(held)):
        return None
    gathered, several = gather_states(held, said.merged)
    if asked and len(gathered) > MOST_STATES:
        raise Refused(
            f"'{header}' has {len(gathered)} different states; a character has {MOST_STATES} at most. Merge some of them, or "
            "leave the column out."
        )
    cells_held = sum(held.values())
    if not asked and not (1 < len(gathered) <= _MOST_GUESSED and cells_held >= _CELLS_A_STATE * len(gathered)):
        return None
    if len(gathered) < 2:
        return None
    kind, states = _ordered(gathered, said)
    found = StateColumn(column, kind, states, several, inapplicable, alike_states(states))
    return _with_fault(found, header, cells, species, said)


#: Beside these words "none" is a state, and not a cell without one.
_QUANTITIES: Final = frozenset(w for scale in SCALES if scale.startswith("none,") for w in scale.split(",")) - {
    "none",
    "absent",
}


def _means_nothing(texts: Mapping[str, int]) -> bool:
    """Whether "none" is a state of this column, as of odours and amounts: beside other amounts, or typed so again and again."""
    typed = texts.get("none", 0)
    return any(english_state(text) in _QUANTITIES for text in texts) or typed >= max(3, 0.02 * sum(texts.values()))


def is_no_character(header: str) -> bool:
    """Whether a column's name says that it holds no character of a plant: a note, a person, a place, a rank, a number."""
    letters = letters_of(header)
    folded = set(re.split(r"[^a-z]+", fold_accents(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)))) - {""}
    some = {"notes", "comments", "remarks", "date", "locality", "collector", "id", "url", "institution"}
    return letters in _NO_CHARACTERS or letters in ID_NAMES or bool(folded & some)


def _says_nothing(text: str) -> bool:
    return text.lower() in MISSING or english_state(text) in ("unknown", NOT_APPLICABLE)


def _are_words(held: Mapping[str, int]) -> bool:
    """Whether these are names of states: words, short ones."""
    total = sum(held.values())
    words = sum(
        n for text, n in held.items() if re.search(r"[^\W\d_]", text) and not re.match(r"^[<>~]?\s*[\d.,]+", text)
    )
    short = sum(n for text, n in held.items() if len(text) <= _LONGEST and len(text.split()) <= _MOST_WORDS)
    return words > 0.9 * total and short > 0.95 * total


def _binary(texts: Mapping[str, int]) -> tuple[GatheredState, ...] | None:
    """The states of a column that says whether something is there: of 0 and 1, + and -, yes and no in any language."""
    plus = any(text in ("+", "1", "✓") or state_key(text) in ("x",) for text in texts)
    held = {t: n for t, n in texts.items() if t and (not _says_nothing(t) or (plus and t in ("-", "–", "—", "−")))}
    words = {text: english_state(text) for text in held}
    found = [{text for text, word in words.items() if word in pair} for pair in BINARY]
    if not all(found) or len(found[0]) + len(found[1]) != len(held):
        return None
    yes_no = sum(held[t] for t, w in words.items() if w in ("yes", "no"))
    labels = ("no", "yes") if 2 * yes_no > sum(held.values()) else ("absent", "present")
    return tuple(
        GatheredState(label, tuple(sorted(some)), sum(held[text] for text in some))
        for label, some in zip(labels, found, strict=True)
    )


def gather_states(
    held: Mapping[str, int], merged: Mapping[str, str] | None = None
) -> tuple[tuple[GatheredState, ...], int]:
    """The states that texts name, each with its spellings, commonest first; and how many cells name several.

    Parameters
    ----------
    held : mapping of str to int
        {text: cells that hold it}.
    merged : mapping of str to str, optional
        {state as gathered or as typed: the state it counts as}; "" leaves it out.
    """
    into = {state_key(one): other for one, other in (merged or {}).items()}
    counts: dict[str, Counter[str]] = {}
    several = 0
    for text, n in held.items():
        parts = split_states(text)
        several += n * (len(parts) > 1)
        for part in parts:
            becomes = into.get(state_key(part))
            if becomes == "":
                continue
            counts.setdefault(english_state(becomes or part), Counter())[part] += n
    gathered = [
        GatheredState(_label(key, spellings, merged or {}), tuple(sorted(spellings)), sum(spellings.values()))
        for key, spellings in counts.items()
    ]
    return tuple(sorted(gathered, key=lambda one: (-one.cells, one.label))), several


def _label(key: str, spellings: Counter[str], merged: Mapping[str, str]) -> str:
    """How a state is called: as a person merged it, else as most cells write it, in small letters."""
    wanted = [other for other in merged.values() if other and english_state(other) == key]
    if wanted:
        return wanted[0].strip()
    commonest = max(spellings, key=lambda text: (spellings[text], text))
    words = re.sub(r"\s+", " ", without_term(commonest).replace("_", " ")).strip(" .")
    return words.lower() if not re.search(r"[A-Z]{2}|\d", words) and not words.istitle() else words


def _ordered(gathered: Sequence[GatheredState], said: StateChoices) -> tuple[CharacterKind, tuple[GatheredState, ...]]:
    if said.order:
        place = {english_state(text): i for i, text in enumerate(said.order)}
        return "ordered", tuple(sorted(gathered, key=lambda one: place.get(english_state(one.label), len(place))))
    keys = [english_state(one.label) for one in gathered]
    for scale in SCALES:
        order = scale.split(",")
        if all(key in order for key in keys) and len(keys) > 1:
            kind: CharacterKind = said.kind if said.kind is not None else "ordered"
            return kind, tuple(sorted(gathered, key=lambda one: order.index(english_state(one.label))))
    numbered = [re.match(r"^(\d{1,2})\s*[=:.)-]", one.label) for one in gathered]
    if all(numbered):
        return said.kind or "ordered", tuple(
            sorted(gathered, key=lambda one: int(one.label.split()[0].strip("=:.)-") or 0))
        )
    return said.kind or "unordered", tuple(gathered)


def alike_states(states: Sequence[GatheredState]) -> tuple[tuple[str, str], ...]:
    """Pairs of states that may be one: a slip of the pen apart, the rarer first."""
    found = []
    for i, one in enumerate(states):
        for other in states[i + 1 :]:
            first, second = state_key(one.label), state_key(other.label)
            if min(len(first), len(second)) >= 5 and difflib.SequenceMatcher(None, first, second).ratio() > 0.85:
                rarer, commoner = sorted((one, other), key=lambda state: state.cells)
                if 4 * rarer.cells < commoner.cells:
                    found.append((rarer.label, commoner.label))
    return tuple(found)


def _with_fault(
    found: StateColumn, header: str, cells: pa.StringArray, species: Ints, said: StateChoices
) -> StateColumn:
    """The column with what keeps it from being a character: one state only, or one for each species."""
    place = {state_key(s): i for i, state in enumerate(found.states) for s in state.spellings}
    codes = np.array([place.get(state_key(text or ""), -1) for text in cells.to_pylist()], dtype=np.int64)
    known = (codes >= 0) & (species >= 0)
    pairs = set(zip(species[known].tolist(), codes[known].tolist(), strict=True))
    names, states = {j for j, _ in pairs}, {s for _, s in pairs}
    if len(states) < 2:
        return replace(found, fault="constant", because=f"'{header}' is the same in every row, so it tells nothing")
    if said.kind is None and not said.order and len(names) > 2 and len(pairs) == len(names) == len(states):
        because = (
            f"'{header}' has one state for each species: it is another name of the species, and would give it away"
        )
        return replace(found, fault="code", because=because)
    return found


def state_character(
    found: StateColumn, name: str, label: str, choices: StateChoices | None = None, header: str = ""
) -> Measurement:
    """The character that a column of states becomes.

    Parameters
    ----------
    name, label : str
        As every measurement's.
    """
    said = choices or StateChoices()
    hints = {english_state(text): how for text, how in said.hints.items()}
    pictures = {english_state(text): picture for text, picture in said.pictures.items()}
    terms = {english_state(text): term for text, term in said.terms.items() if text}

    def state(one: GatheredState) -> State:
        others = [text for text in one.spellings if state_key(text) != state_key(one.label) and len(text) <= 80]
        key = english_state(one.label)
        return State(
            label=one.label,
            synonyms=tuple(others[:40]),
            how=hints.get(key, "")[:300],
            picture=pictures.get(key, ""),
            term=terms.get(key, "") or next(filter(None, map(ontology_term, one.spellings)), ""),
        )

    states = tuple(state(one) for one in found.states)
    return Measurement(
        name=name,
        label=label,
        low=0.0,
        high=float(max(1, len(states) - 1 + (found.inapplicable > 0))),
        positive=False,
        step=1.0,
        decimals=0,
        header=header,
        term=said.terms.get("", "") or ontology_term(header),
        kind=found.kind,
        states=states,
        inapplicable=found.inapplicable > 0,
    )


#: Words of headers that say that something was counted.
_COUNTED: Final = word_set(
    "number no num count counts n nr anzahl nombre numero liczba pocet aantal antal zahl petals sepals stamens tepals flowers "
    "leaflets lobes teeth veins seeds carpels styles florets pairs whorls"
)
#: Counts are small; beyond, whole numbers are rather read off an instrument.
_MOST_COUNTED: Final = 500


def is_counted(header: str, unit: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether a column of numbers holds counts: whole, without a unit, and small or called so.

    Parameters
    ----------
    values : (n,) float
        NaN where nothing was counted.
    """
    known = values[np.isfinite(values)]
    if unit or not len(known) or (known != np.floor(known)).any() or known.min() < 0 or known.max() > _MOST_COUNTED:
        return False
    words = set(re.split(r"[^a-z]+", fold_accents(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)))) - {""}
    return (bool(words & _COUNTED) and len(words) > 1) or bool(words & (_COUNTED - {"n", "no", "nr", "num"}))
