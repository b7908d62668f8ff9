"""What NannyML and Evidently themselves say of two tables, where they are installed, by their defaults.

They want other versions of libraries than this program does: install them into an environment of their own and run the
benchmark with its Python, this program's packages behind its own on the path.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np

from flora_core.model import Floats

#: Whether any column is an alarm: of the names of the columns, the reference and the window.
Tool = Callable[[Sequence[str], Floats, Floats], bool]

# Both tell their makers how they are used, unless told not to.
os.environ |= {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}


def installed() -> dict[str, Tool]:
    """The tools that are there."""
    return {name: tool for name, tool in (("nannyml", _nannyml), ("evidently", _evidently)) if find_spec(name)}


def _nannyml(names: Sequence[str], reference: Floats, window: Floats) -> bool:
    import pandas as pd
    from nannyml import UnivariateDriftCalculator

    tool = UnivariateDriftCalculator(list(names), chunk_size=len(window))
    tool.fit(pd.DataFrame(reference, columns=list(names)))
    found = tool.calculate(pd.DataFrame(window, columns=list(names))).filter(period="analysis").to_df()
    alerts = found.loc[:, [column for column in found.columns if column[-1] == "alert"]]
    return bool(np.asarray(alerts, dtype=bool).any())


def _evidently(names: Sequence[str], reference: Floats, window: Floats) -> bool:
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    tables = [pd.DataFrame(values, columns=list(names)) for values in (window, reference)]
    metrics = Report([DataDriftPreset()]).run(*tables).dict()["metrics"]
    (count,) = [one["value"]["count"] for one in metrics if "DriftedColumnsCount" in str(one)]
    return bool(count > 0)
