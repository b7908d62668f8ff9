"""The monitor: do the plants still look like the training plants, and how right is the model still?

``watched`` asks it of a span of days, window by window; ``monitor_document`` is what the command and the API give a program;
``groups_of`` asks it of each collector, site or file.
"""

from flora_core.workflows.monitor.calendar import WINDOWS, WindowKind
from flora_core.workflows.monitor.calibration import Certainties, certainties_of
from flora_core.workflows.monitor.documents import monitor_document
from flora_core.workflows.monitor.groups import GROUPINGS, Group, Grouping, groups_of
from flora_core.workflows.monitor.parameters import asked_days, asked_window
from flora_core.workflows.monitor.run import Part, Watched, WatchedWindow, main_part, watched

__all__ = [
    "GROUPINGS",
    "WINDOWS",
    "Certainties",
    "Group",
    "Grouping",
    "Part",
    "Watched",
    "WatchedWindow",
    "WindowKind",
    "asked_days",
    "asked_window",
    "certainties_of",
    "groups_of",
    "main_part",
    "monitor_document",
    "watched",
]
