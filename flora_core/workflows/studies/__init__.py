"""Plant groups: which there are, made of a labelled table, and grown by more plants."""

from flora_core.workflows.studies.checklists import checklist_for, keep_checklist, synonyms_of_study
from flora_core.workflows.studies.choices import Choices, NameChoice, Proposal
from flora_core.workflows.studies.creation import Addition, add_plants, create, propose_addition
from flora_core.workflows.studies.listing import StudyView, list_studies, show_study
from flora_core.workflows.studies.proposal import issues_shown, propose

__all__ = [
    "Addition",
    "Choices",
    "NameChoice",
    "Proposal",
    "StudyView",
    "add_plants",
    "checklist_for",
    "create",
    "issues_shown",
    "keep_checklist",
    "list_studies",
    "propose",
    "propose_addition",
    "show_study",
    "synonyms_of_study",
]
