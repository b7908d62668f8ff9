"""The monitor: do the plants still look like the training plants, and how right is the model still?

``monitor_study`` answers for a range of days, window by window; ``monitor_document`` is what the command and the API return;
``groups_of`` asks it of each collector, site or file.
"""

from flora_core.workflows.monitor.calendar import WINDOWS, WindowKind
from flora_core.workflows.monitor.calibration import Certainties, certainties_of
from flora_core.workflows.monitor.current_verdict import CurrentVerdict, acknowledge, current_verdict
from flora_core.workflows.monitor.documents import monitor_document
from flora_core.workflows.monitor.groups import GROUPINGS, Group, Grouping, groups_of
from flora_core.workflows.monitor.parameters import asked_days, asked_window
from flora_core.workflows.monitor.run import MonitorResult, monitor_study
from flora_core.workflows.monitor.version_windows import MonitoredWindow, VersionWindow, main_part

__all__ = [
    "GROUPINGS",
    "WINDOWS",
    "Certainties",
    "CurrentVerdict",
    "Group",
    "Grouping",
    "MonitorResult",
    "MonitoredWindow",
    "VersionWindow",
    "WindowKind",
    "acknowledge",
    "asked_days",
    "asked_window",
    "certainties_of",
    "current_verdict",
    "groups_of",
    "main_part",
    "monitor_document",
    "monitor_study",
]
