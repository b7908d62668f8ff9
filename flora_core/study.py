"""The nouns of a plant group: Study, Measurement, Species; and the study that comes with the program, Fisher's irises."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from flora_core.errors import Unknown
from flora_core.states import NOT_APPLICABLE, CharacterKind, States, places_of

#: A measurement's or study's name: what commands, addresses and file names are made of.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]

Sources = tuple[str, ...]


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measurement(_Noun):
    """One character of a plant: measured, counted, or seen as one of several states.

    Attributes
    ----------
    name : str
        snake_case, as in commands and addresses: petal_length.
    label : str
        As people say it: "petal length".
    unit : str
        cm, mm, ... ; "" where the character has none (a ratio, a count).
    low, high : float
        Plausible limits in `unit`: outside, the value is questioned.
    refuse_above : float or None
        In `unit`: above, the value is refused; None where nothing is known that can't be.
    positive : bool
        Whether 0 and negative values are refused, as for every length.
    step : float
        The step in which it is usually read off a ruler, in `unit`.
    decimals : int
        Digits after the point that are shown at most.
    term : str
        Ontology term, "TO:0002605", or "".
    how : str
        How to measure it, in one sentence.
    header : str
        The column of the training table that it was made of, as it stood there; "" where that is not known.
    kind : {"measured", "counted", "unordered", "ordered"}
        A number with its unit, a whole number, or states without or with an order.
    states : tuple of State
        In order; a value is the place of one among them (`flora_core.states`). Empty for numbers.
    several : bool
        Whether a plant may show several states at once: "white or pink".
    inapplicable : bool
        Whether it may be that the character can't be told of a plant at all, which then is its last state.
    """

    name: Name
    label: str
    unit: str = ""
    low: float
    high: float
    refuse_above: float | None = None
    positive: bool = True
    step: float = Field(0.1, gt=0)
    decimals: int = Field(2, ge=0, le=9)
    term: str = ""
    how: str = ""
    header: str = ""
    kind: CharacterKind = "measured"
    states: States = ()
    several: bool = True
    inapplicable: bool = False

    @model_validator(mode="after")
    def _states_as_the_kind_says(self) -> Measurement:
        if self.has_states != bool(self.states):
            raise ValueError(f"{self.label}: a character of kind '{self.kind}' and its states do not go together")
        return self

    @property
    def has_states(self) -> bool:
        """Whether it is seen as one of several states, and not a number."""
        return self.kind in ("unordered", "ordered")

    @property
    def state_labels(self) -> tuple[str, ...]:
        """What each value stands for, in order; "not applicable" last where the character has that. Empty for numbers."""
        return (*(state.label for state in self.states), *([NOT_APPLICABLE] if self.inapplicable else []))

    def state_term(self, value: float) -> str:
        """The ontology term of the state that a value stands for; "" for a number, for several states, and without one."""
        places = places_of(value) if self.has_states else ()
        return self.states[places[0]].term if len(places) == 1 and places[0] < len(self.states) else ""

    @property
    def heading(self) -> str:
        """The label as it begins a line: "Petal length"; abbreviations stay: "LL"."""
        return f"{self.label[:1].upper()}{self.label[1:]}"

    @property
    def organ(self) -> str:
        """What is measured without how: "petal" of "petal length"; the whole label where there is one word."""
        return self.label.rsplit(" ", 1)[0] if " " in self.label else self.label

    @property
    def dimension(self) -> str:
        """How it is measured: "length" of "petal length"; "" where there is one word."""
        return self.label.rsplit(" ", 1)[1] if " " in self.label else ""

    def written(self, value: float) -> str:
        """The value as a botanist writes it, with its unit: "5.1 cm"; the states it stands for: "white or pink"."""
        return f"{self.digits(value)} {self.unit}".strip()

    def digits(self, value: float) -> str:
        """The value rounded to `decimals`, without trailing zeros beyond the first decimal: "5.1", "12"; or its states."""
        if self.has_states:
            labels = self.state_labels
            return " or ".join(labels[place] for place in places_of(float(value)) if place < len(labels))
        text = f"{value:.{self.decimals}f}"
        if "." in text:
            whole, _, fraction = text.partition(".")
            fraction = fraction.rstrip("0") or "0"
            text = f"{whole}.{fraction}"
        return text


class Species(_Noun):
    """One species (or variety) that can be the answer.

    Attributes
    ----------
    name : str
        In full, without author: "Iris versicolor".
    author : str
        "L.", or "".
    common_name, note : str
        For the screens; "" where nothing is known.
    """

    name: str
    author: str = ""
    common_name: str = ""
    note: str = ""

    @property
    def epithet(self) -> str:
        """What follows the genus ("versicolor"); the whole name where there is no genus."""
        return epithet(self.name)


#: Characters of the longest text that is looked at for a measurement's name.
_LONGEST_NAME: Final = 200
_BINOMIAL: Final = re.compile(r"^(×? ?[A-Z][a-zà-ÿ-]+) ((?:× ?)?['a-zà-ÿ].*)$")


def is_binomial(name: str) -> bool:
    """Whether the name begins with a genus: "Iris setosa" does, "Kama" and "SEKER" don't."""
    return _BINOMIAL.match(name) is not None


def epithet(name: str) -> str:
    """What follows the genus: "versicolor" of "Iris versicolor"; the whole name where there is no genus."""
    match = _BINOMIAL.match(name)
    return match[2] if match else name


def genus_of(name: str) -> str:
    """The genus: "Iris" of "Iris versicolor"; "" where the name has none."""
    match = _BINOMIAL.match(name)
    return match[1] if match else ""


def short_name(name: str) -> str:
    """The name with its genus abbreviated: "I. versicolor"; unchanged where it has no genus, or only one ("Alnus sp.")."""
    match = _BINOMIAL.match(name)
    return f"{match[1][0]}. {match[2]}" if match and match[2] != "sp." else name


@lru_cache(maxsize=64)
def _can_be_short(names: tuple[str, ...]) -> bool:
    genera = {genus for name in names if (genus := genus_of(name))}
    return len({genus.lstrip("× ")[:1] for genus in genera}) == len(genera)


class Study(_Noun):
    """A plant group being identified.

    Attributes
    ----------
    name : str
        What it is called in commands and addresses: iris.
    title : str
        As shown: "Fisher's irises".
    organism : str
        What is measured, one of them: "flower", "kernel", "plant".
    measurements : tuple of Measurement
        In the order of every array of values in this program; counted characters and those with states among them.
    species : tuple of Species
        In the order of every array of probabilities; sorted by name.
    condition : {"fresh", "pressed", "unknown"}
        How the training plants were when measured.
    region, caveat, licence : str
        Where they grew; what the measurements can't tell; the licence of the data.
    sources : tuple of str
        Where the data and the limits come from.
    drawing : {"", "iris"}
        The picture that can be drawn from the measurements.
    """

    name: Name
    title: str
    organism: str = "plant"
    measurements: tuple[Measurement, ...] = Field(min_length=1)
    species: tuple[Species, ...] = Field(min_length=1)
    condition: Literal["fresh", "pressed", "unknown"] = "unknown"
    region: str = ""
    caveat: str = ""
    licence: str = ""
    sources: Sources = ()
    drawing: Literal["", "iris"] = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The measurements' names, in order."""
        return tuple(measurement.name for measurement in self.measurements)

    @property
    def species_names(self) -> tuple[str, ...]:
        """The species' full names, in order."""
        return tuple(species.name for species in self.species)

    def short(self, name: str) -> str:
        """A species' name with its genus abbreviated; in full where two of the study's genera begin with the same letter."""
        return short_name(name) if _can_be_short(self.species_names) else name

    @property
    def genus(self) -> str:
        """The genus all species share, or ""."""
        genera = {genus_of(name) for name in self.species_names}
        return genera.pop() if len(genera) == 1 else ""

    @property
    def unit(self) -> str:
        """The unit all measurements share, or "" where they differ."""
        units = {measurement.unit for measurement in self.measurements}
        return units.pop() if len(units) == 1 else ""

    @property
    def plural(self) -> str:
        """Several of the organism: "flowers", "leaves", "berries"."""
        one = self.organism
        if one.endswith(("leaf", "half")):
            return f"{one[:-1]}ves"
        if one.endswith("y") and one[-2:-1] not in {"a", "e", "o", "u"}:
            return f"{one[:-1]}ies"
        return f"{one}es" if one.endswith(("s", "x", "ch", "sh")) else f"{one}s"

    @property
    def one(self) -> str:
        """One of the organism, with its article: "a flower", "an ear"."""
        return f"{'an' if self.organism[:1].lower() in set('aeiou') else 'a'} {self.organism}"

    def measurement(self, name: str) -> Measurement:
        """The measurement that a person calls `name`: any case; spaces, hyphens and points for underscores.

        Raises
        ------
        Unknown
            There is none; the message lists those there are.
        """
        if len(name) > _LONGEST_NAME:
            raise Unknown(f"'{name[:40]}…' is not a measurement of {self.name}. There are: {', '.join(self.names)}.")
        wanted = re.sub(r"[\s.\-]+", "_", name.strip().lower())
        for measurement in self.measurements:
            # "kernel_length_mm" is how a table calls a kernel length in mm.
            if wanted in (measurement.name, f"{measurement.name}_{_ascii(measurement.unit)}"):
                return measurement
        raise Unknown(f"'{name}' is not a measurement of {self.name}. There are: {', '.join(self.names)}.")


def _ascii(unit: str) -> str:
    return unit.lower().replace("²", "2").replace("µ", "u").replace("°", "deg").replace("%", "percent")


IRIS: Final = Study(
    name="iris",
    title="Fisher's irises",
    organism="flower",
    measurements=(
        Measurement(
            name="sepal_length",
            label="sepal length",
            unit="cm",
            low=3.5,
            high=9.5,
            refuse_above=30.0,
            term="TO:0002607",
            how="From the base of a fall (the outer, hanging segment) to its tip, along the middle.",
        ),
        Measurement(
            name="sepal_width",
            label="sepal width",
            unit="cm",
            low=1.4,
            high=4.8,
            refuse_above=30.0,
            term="TO:0002608",
            how="Across the fall at its widest place, spread flat.",
        ),
        Measurement(
            name="petal_length",
            label="petal length",
            unit="cm",
            low=0.8,
            high=8.0,
            refuse_above=30.0,
            term="TO:0002605",
            how="From the base of a standard (the inner, upright segment) to its tip.",
        ),
        Measurement(
            name="petal_width",
            label="petal width",
            unit="cm",
            low=0.05,
            high=3.5,
            refuse_above=30.0,
            term="TO:0002606",
            how="Across the standard at its widest place, spread flat.",
        ),
    ),
    species=(
        Species(
            name="Iris setosa",
            author="Pall. ex Link",
            common_name="bristle-pointed iris",
            note="The plants came from the Gaspé Peninsula; those are now called I. hookeri Penny.",
        ),
        Species(name="Iris versicolor", author="L.", common_name="northern blue flag"),
        Species(
            name="Iris virginica",
            author="L.",
            common_name="southern blue flag",
            note="Measured on another colony than the other two species.",
        ),
    ),
    condition="fresh",
    region="Gaspé Peninsula, Québec (setosa, versicolor); another colony (virginica)",
    caveat=(
        "Fisher himself warned that a certain diagnosis of I. versicolor and I. virginica could not be based solely on "
        "these four measurements of a single flower taken on a plant growing wild. The flowers were fresh; pressed ones "
        "are smaller, and Anderson called sizes from pressed irises completely unreliable. Any other species of iris is "
        "unknown here and may look like one of these three."
    ),
    licence="CC BY 4.0 (UCI Machine Learning Repository, Iris)",
    sources=(
        "Fisher, R. A. (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7: 179-188.",
        "Anderson, E. (1935). The irises of the Gaspé Peninsula. Bulletin of the American Iris Society 59: 2-5.",
        "scikit-learn, load_iris: Fisher's published values (the UCI file differs in flowers 35 and 38).",
    ),
    drawing="iris",
)
"""The study that comes with the program. Limits: docs/decisions/0004-iris-limits.md; terms: Plant Trait Ontology."""
