"""A model as a botanist would write it down: a dichotomous key of numbered couplets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from scipy.special import betaincinv

from flora_core.identification.key_detours import Detour, detours
from flora_core.identification.mixed_key import lead_text, shows_any, state_order, tree_on_codes, tree_on_ranks
from flora_core.identification.naming import predict_plants
from flora_core.identification.predicting import expected_values
from flora_core.model import Floats, Ints, Model, state_columns
from flora_core.study import Study
from flora_core.wording import listed

#: Couplets of a surrogate key at most: what still fits on a page; of many species, half as many again as there are.
_COUPLETS: Final = 15
#: Questions that a key asks of one plant at most: so many, or three more than halving the species would take.
_QUESTIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Lead:
    """One half of a couplet.

    Attributes
    ----------
    text : str
        "Petal length at most 2.4 cm".
    goes_to : int
        The couplet to go on with; 0 where this lead ends.
    species : str
        The name at its end; "" where it goes on.
    plants : int
        Training plants that come this way.
    purity : float
        Share of them that are of the name at the end; of the commonest species where it goes on.
    """

    text: str
    goes_to: int
    species: str
    plants: int
    purity: float


@dataclass(frozen=True, slots=True)
class Couplet:
    """Two leads of which one is true of a plant.

    Attributes
    ----------
    number : int
        From 1 on.
    first, second : Lead
    column : int
        The place of its character among the study's measurements.
    border : float
        Up to which the first lead holds.
    states : tuple of int
        Of a character with states those that the first lead holds for; empty of numbers.
    detours : tuple of Detour
        Other characters to go by where its own can't be measured, best first.
    missing : str
        The same in words, with the lead to take where they are missing too.
    """

    number: int
    first: Lead
    second: Lead
    column: int
    border: float
    detours: tuple[Detour, ...] = ()
    missing: str = ""
    states: tuple[int, ...] = ()

    def lead_of(self, values: Floats) -> Lead:
        """The lead that a plant follows; around the character where it is missing.

        Parameters
        ----------
        values : (p,) float
            NaN where not measured.
        """
        own = values[self.column]
        if not math.isnan(own):
            first = shows_any(float(own), self.states) if self.states else own <= self.border
            return self.first if first else self.second
        for detour in self.detours:
            if not math.isnan(values[detour.column]):
                return self.first if detour.takes_first(float(values[detour.column])) else self.second
        return self.commoner

    @property
    def commoner(self) -> Lead:
        """The lead that more plants follow."""
        return self.first if self.first.plants >= self.second.plants else self.second


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and how far it can stand for the model.

    Attributes
    ----------
    couplets : tuple of Couplet
    only : str
        The one name it gives where there is no couplet; "" otherwise.
    surrogate : bool
        Whether it was made to answer as another kind of model does, and is not the model itself.
    fidelity, low, high : float
        Share of plants, not used to make it, that it names as the model does, led around what was not measured of them; with
        its 95 % interval. 1 for the model itself.
    tested : int
        How many plants that share is of.
    never : tuple of str
        Species that it never comes to.
    """

    couplets: tuple[Couplet, ...]
    only: str
    surrogate: bool
    fidelity: float
    low: float
    high: float
    tested: int
    never: tuple[str, ...] = ()

    def name_of(self, values: Floats) -> str:
        """The name that a reader comes to.

        Parameters
        ----------
        values : (p,) float
            In the study's order and units; NaN where not measured.
        """
        if not self.couplets:
            return self.only
        lead = self.couplets[0].lead_of(values)
        while not lead.species:
            lead = self.couplets[lead.goes_to - 1].lead_of(values)
        return lead.species

    def text(self) -> str:
        """The key to print, one lead a line."""
        if not self.couplets:
            return f"All plants: {self.only}"
        lines = []
        for couplet in self.couplets:
            for letter, lead in (("a", couplet.first), ("b", couplet.second)):
                end = (
                    f"{lead.species} (n = {lead.plants}, {100 * lead.purity:.0f} %)"
                    if lead.species
                    else str(lead.goes_to)
                )
                left = f"{couplet.number}{letter}. {lead.text}"
                lines.append(f"{left} {'.' * max(3, 72 - len(left) - len(end))} {end}")
        lines += ["", "Where a character can't be measured:"]
        lines += [f"{couplet.number}. {couplet.missing}" for couplet in self.couplets]
        return "\n".join(lines)

    @property
    def sentence(self) -> str:
        """How far the key can be trusted to say what the model says."""
        never = (
            f" It never comes to {listed(self.never[:5]) if len(self.never) <= 5 else _many(self.never)}."
            if self.never
            else ""
        )
        if not self.surrogate:
            return f"This key is the model itself, with its borders rounded to what a ruler shows.{never}"
        return (
            f"A short key in place of the model: of {self.tested} plants not used to make it, it names "
            f"{100 * self.fidelity:.0f} % as the model does ({100 * self.low:.0f} to {100 * self.high:.0f} %).{never}"
        )


def key_of(model: Model) -> Key | None:
    """The key that a tree model is; None for other models, and for trees on shape ratios.

    Counts and purity are those of the reference plants, a gap filled by what was measured of the plant.
    """
    tree = model.pipeline[-1]
    if type(tree).__name__ != "DecisionTreeClassifier" or model.card.shape_ratios:
        return None
    states = state_columns(model.study)
    if states is not None:
        numbers = model.pipeline[0].named_transformers_.get("remainder")
        if numbers is not None and hasattr(numbers, "named_steps") and "scale" in numbers.named_steps:
            return None
        inside = tree_on_codes(tree.tree_, states, len(model.study.measurements))
        couplets, only = _couplets(model.study, inside, tree.classes_, _completed(model), model.reference.species)
        return Key(couplets, only, False, 1.0, 1.0, 1.0, 0, _never(model.study, couplets, only))
    inside, scaler = tree.tree_, model.pipeline.named_steps.get("scale")
    if scaler is not None:
        inside = SimpleNamespace(
            children_left=inside.children_left,
            children_right=inside.children_right,
            feature=inside.feature,
            value=inside.value,
            threshold=inside.threshold * scaler.scale_[inside.feature] + scaler.mean_[inside.feature],
        )
    couplets, only = _couplets(model.study, inside, tree.classes_, _completed(model), model.reference.species)
    return Key(couplets, only, False, 1.0, 1.0, 1.0, 0, _never(model.study, couplets, only))


def surrogate_key(model: Model, seed: int = 0) -> Key:
    """A short key that answers as the model does, as far as it can; from the reference plants and the model's names.

    References
    ----------
    Craven & Shavlik (1996), Extracting tree-structured representations of trained networks, NIPS 8.
    """
    from sklearn.tree import DecisionTreeClassifier

    X, study = _completed(model), model.study
    # The model is asked about the plants as they were measured.
    names = predict_plants(model, model.reference.values).best.astype(np.int64)
    order = state_order(study, X, names)
    shown = X if order is None else order.ranked(X)
    rng = np.random.default_rng(seed)
    part = rng.integers(0, 5, len(X))
    species = len(np.unique(names))
    # Entropy halves many species, where Gini's index takes one after the other away: of forty, 9 questions reach 85 % and 53 %.
    tree = DecisionTreeClassifier(
        criterion="entropy",
        max_leaf_nodes=max(_COUPLETS, 3 * species // 2) + 1,
        max_depth=max(_QUESTIONS, math.ceil(math.log2(max(species, 1))) + 3),
        min_samples_leaf=max(1, min(5, len(X) // 50)),
        random_state=seed,
    )
    agreed = np.zeros(len(X), dtype=bool)
    for fold in range(5):
        test = part == fold
        if test.any() and len(np.unique(names[~test])):
            fitted = tree.fit(shown[~test], names[~test])
            asked = fitted.tree_ if order is None else tree_on_ranks(fitted.tree_, order)
            made = _couplets(study, asked, fitted.classes_, X[~test], names[~test])
            key = Key(*made, True, 1.0, 0.0, 1.0, 0)
            for row in np.flatnonzero(test):
                agreed[row] = key.name_of(model.reference.values[row]) == study.species_names[names[row]]
    whole = tree.fit(shown, names)
    asked = whole.tree_ if order is None else tree_on_ranks(whole.tree_, order)
    couplets, only = _couplets(study, asked, whole.classes_, X, names)
    low, high = _interval(int(agreed.sum()), len(agreed))
    never = _never(study, couplets, only)
    return Key(couplets, only, True, float(agreed.mean()), low, high, len(agreed), never)


def _completed(model: Model) -> Floats:
    """The reference plants, a gap filled from what was measured, and never from the name, which a reader does not know."""
    return expected_values(model.gaussians, model.reference.values)


def _many(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:4])} and {len(names) - 4} other species"


def _never(study: Study, couplets: tuple[Couplet, ...], only: str) -> tuple[str, ...]:
    """The species at no end of a key."""
    ends = {only} | {lead.species for couplet in couplets for lead in (couplet.first, couplet.second)}
    return tuple(name for name in study.species_names if name not in ends)


def _couplets(study: Study, tree: Any, classes: Ints, values: Floats, species: Ints) -> tuple[tuple[Couplet, ...], str]:
    """The tree's questions as couplets in the order a reader meets them; two ends of one name are one end."""
    rows_of = {0: np.arange(len(values))}
    name_of: dict[int, int | None] = {}
    borders: dict[int, float] = {}
    around: dict[int, list[Detour]] = {}
    states: dict[int, tuple[int, ...]] = getattr(tree, "states", {})
    held = [i for i, m in enumerate(study.measurements) if m.has_states]

    def divide(node: int) -> int | None:
        """The one name below a node, or None; fills in the plants and the border of every node below it."""
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            name_of[node] = int(classes[tree.value[node][0].argmax()])
            return name_of[node]
        column, rows = int(tree.feature[node]), rows_of[node]
        cells = values[rows, column]
        borders[node] = 0.0 if node in states else _round_border(cells, float(tree.threshold[node]))
        below = np.isin(cells, states[node]) if node in states else cells <= tree.threshold[node]
        rows_of[left], rows_of[right] = rows[below], rows[~below]
        around[node] = [
            d if d.states else replace(d, border=_round_border(values[rows, d.column], d.border))
            for d in detours(values[rows], below, column, held)
        ]
        one, other = divide(left), divide(right)
        name_of[node] = one if one is not None and one == other else None
        return name_of[node]

    only = divide(0)
    if only is not None:
        return (), study.species_names[only]
    numbers: dict[int, int] = {}

    def number(node: int) -> None:
        if name_of[node] is None:
            numbers[node] = len(numbers) + 1
            number(int(tree.children_left[node]))
            number(int(tree.children_right[node]))

    number(0)

    def lead(node: int, text: str) -> Lead:
        counts = np.bincount(species[rows_of[node]], minlength=len(study.species))
        name = name_of[node]
        shown = int(counts.argmax()) if name is None else name
        total = int(counts.sum())
        return Lead(
            text=text,
            goes_to=numbers.get(node, 0),
            species="" if name is None else study.species_names[name],
            plants=total,
            purity=float(counts[shown] / total) if total else 0.0,
        )

    couplets = []
    for node, place in numbers.items():
        m = study.measurements[int(tree.feature[node])]
        label = m.label[:1].upper() + m.label[1:]
        border = f"{borders[node]:.10g} {m.unit}".strip()
        texts = f"{label} at most {border}", f"{label} more than {border}"
        if node in states:
            seen = set(values[rows_of[node], int(tree.feature[node])].astype(int).tolist())
            others = tuple(s for s in range(len(m.state_labels)) if s not in states[node])
            texts = lead_text(m, states[node], seen), lead_text(m, others, seen)
        couplet = Couplet(
            place,
            lead(int(tree.children_left[node]), texts[0]),
            lead(int(tree.children_right[node]), texts[1]),
            int(tree.feature[node]),
            borders[node],
            tuple(around[node]),
            states=states.get(node, ()),
        )
        couplets.append(replace(couplet, missing=_missing(study, couplet)))
    return tuple(sorted(couplets, key=lambda c: c.number)), ""


def _missing(study: Study, couplet: Couplet) -> str:
    """What to do where the character of a couplet can't be measured."""
    leads = {True: f"{couplet.number}a", False: f"{couplet.number}b"}
    said = []
    for detour in couplet.detours:
        m = study.measurements[detour.column]
        if detour.states:
            shown = " or ".join(m.state_labels[s] for s in detour.states)
            said.append(
                f"by the {m.label}: with {shown} take {leads[True]}, otherwise {leads[False]} "
                f"({100 * detour.agrees:.0f} % go the same way)"
            )
            continue
        border = f"{detour.border:.10g} {m.unit}".strip()
        said.append(
            f"by the {m.label}: at most {border} take {leads[detour.first_below]}, more than that "
            f"{leads[not detour.first_below]} ({100 * detour.agrees:.0f} % go the same way)"
        )
    total = max(1, couplet.first.plants + couplet.second.plants)
    usual = (
        f"take {leads[couplet.commoner is couplet.first]} ({100 * couplet.commoner.plants / total:.0f} % of the plants)"
    )
    text = "; ".join([*said, f"{'else ' if said else ''}{usual}"])
    return f"{text[:1].upper()}{text[1:]}."


def _round_border(cells: Floats, threshold: float) -> float:
    """The roundest number near the threshold that no plant's value lies between."""
    below, above = cells[cells <= threshold], cells[cells > threshold]
    low = float(below.max()) if len(below) else threshold
    high = float(above.min()) if len(above) else threshold
    for digits in range(-3, 10):
        rounded = round(threshold, digits)
        if low <= rounded < high or (low == high == threshold and rounded == threshold):
            return rounded
    return threshold


def _interval(right: int, n: int) -> tuple[float, float]:
    """Clopper & Pearson's 95 % interval of a share."""
    low = float(betaincinv(right, n - right + 1, 0.025)) if right else 0.0
    high = float(betaincinv(right + 1, n - right, 0.975)) if right < n else 1.0
    return low, high
