"""The noun of what a person says of a specimen: the kinds of answer, the name as a slip writes it, how far it was verified.

References
----------
Darwin Core terms (scientificName, identificationQualifier, taxonRank, identificationVerificationStatus),
https://dwc.tdwg.org/terms/. HISPID 3, verification level flag: Conn, B. J. (ed.) (1996), Royal Botanic Gardens Sydney.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flora_core.study import Study, epithet, genus_of


class AnswerKind(StrEnum):
    """The kinds of answer a person may give; forced choices would poison the labels."""

    SPECIES = "species"
    GENUS = "genus only"
    CF = "cf."
    AFF = "aff."
    HYBRID = "hybrid"
    NONE = "none of these"


#: HISPID's verification levels, in words.
LEVELS: Final = {
    0: "not checked by anybody",
    1: "compared with named plants",
    2: "determined by a competent person",
    3: "determined by a reviser of the group",
    4: "part of the type material",
}
#: The source of a determination of a plant that chance chose: only such plants tell how often the model is right.
AT_RANDOM: Final = "drawn at random"
#: The lowest level that trains a model and counts as the truth where nobody asks for another.
COMPETENT: Final = 2


@dataclass(frozen=True, slots=True)
class GivenName:
    """What a person calls a specimen.

    Attributes
    ----------
    answer : Answer
    name : str
        In full, without author: the species for `SPECIES`, `CF` and `AFF`, the genus for `GENUS` ("" where it is not known),
        the first parent for `HYBRID` (or the hybrid's own name, "Iris ×robusta"), "" for `NONE`.
    other : str
        The second parent of a hybrid formula, else "".
    """

    answer: AnswerKind
    name: str = ""
    other: str = ""

    @property
    def species(self) -> str:
        """The species that the specimen is said to be; "" where the answer is no plain species.

        A name with cf. or aff. counts at the rank above only, so it names no species.
        """
        return self.name if self.answer is AnswerKind.SPECIES else ""

    @property
    def written(self) -> str:
        """As a slip has it: "Iris cf. versicolor", "Iris sp.", "Iris versicolor × Iris virginica", "none of these"."""
        match self.answer:
            case AnswerKind.GENUS:
                return f"{self.name} sp." if self.name else "genus only"
            case AnswerKind.CF | AnswerKind.AFF:
                return f"{genus_of(self.name)} {self.answer.value} {epithet(self.name)}".strip()
            case AnswerKind.HYBRID:
                return f"{self.name} × {self.other}" if self.other else self.name
            case AnswerKind.NONE:
                return AnswerKind.NONE.value
        return self.name

    @property
    def scientific_name(self) -> str:
        """Darwin Core's scientificName, without any qualifier: the genus where the answer is less sure than a species."""
        if self.answer in (AnswerKind.CF, AnswerKind.AFF):
            return genus_of(self.name)
        return (
            ""
            if self.answer is AnswerKind.NONE
            else self.name
            if self.answer is not AnswerKind.HYBRID
            else self.written
        )

    @property
    def rank(self) -> str:
        """Darwin Core's taxonRank of `scientific_name`; "" where there is no name."""
        if not self.scientific_name:
            return ""
        return "species" if self.answer in (AnswerKind.SPECIES, AnswerKind.HYBRID) else "genus"

    @property
    def qualifier(self) -> str:
        """Darwin Core's identificationQualifier: "cf. versicolor", "aff. versicolor", or ""."""
        return f"{self.answer.value} {epithet(self.name)}" if self.answer in (AnswerKind.CF, AnswerKind.AFF) else ""


def true_answer(given: GivenName, study: Study) -> str:
    """What a model of the study should have answered: one of its species, "none of these", or "" where that can't be told.

    A genus of the study, cf., aff. and hybrids leave it open; another genus or another species is none of these.
    """
    match given.answer:
        case AnswerKind.SPECIES:
            return given.name if given.name in study.species_names else AnswerKind.NONE.value
        case AnswerKind.NONE:
            return AnswerKind.NONE.value
        case AnswerKind.GENUS:
            ours = {genus_of(name) for name in study.species_names}
            return "" if not given.name or given.name in ours or "" in ours else AnswerKind.NONE.value
    return ""
