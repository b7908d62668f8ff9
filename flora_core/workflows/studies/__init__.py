"""Plant groups: which there are, made of a labelled table, and grown by more plants."""

from flora_core.workflows.studies.choices import Choices, NameChoice, Proposal
from flora_core.workflows.studies.creating import Addition, add_plants, create, propose_addition
from flora_core.workflows.studies.proposing import issues_shown, propose
from flora_core.workflows.studies.showing import StudyView, list_studies, show_study

__all__ = [
    "Addition",
    "Choices",
    "NameChoice",
    "Proposal",
    "StudyView",
    "add_plants",
    "create",
    "issues_shown",
    "list_studies",
    "propose",
    "propose_addition",
    "show_study",
]
