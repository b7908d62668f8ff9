"""The parts of a registered model file; scikit-learn is imported for those alone that cannot be asked without it.

joblib unpickles, and unpickling runs code: only bytes whose checksum is the registered one come here.
"""

from __future__ import annotations

import io
from typing import Any, Final

import joblib
from joblib.numpy_pickle import NumpyUnpickler

from flora_core.identification.linear_pipeline import LINEAR_CLASSIFIERS, PASSED_OVER, SCALER, LinearPipeline


def unpickled(packed: bytes) -> dict[str, Any]:
    """What a model file holds; its pipeline as a `LinearPipeline` where it is one."""
    try:
        parts = _WithoutLibrary("", io.BytesIO(packed), ensure_native_byte_order=True).load()
        steps = [(type(step).__name__, step) for _, step in parts["pipeline"].steps]
    except _LibraryNeeded:
        return _whole(packed)
    if not _is_linear([name for name, _ in steps]):
        return _whole(packed)
    return {**parts, "pipeline": LinearPipeline(steps, lambda: _whole(packed)["pipeline"])}


def _whole(packed: bytes) -> dict[str, Any]:
    parts: dict[str, Any] = joblib.load(io.BytesIO(packed))
    return parts


def _is_linear(names: list[str]) -> bool:
    return names[-1] in LINEAR_CLASSIFIERS and all(name in (PASSED_OVER, SCALER) for name in names[:-1])


class _LibraryNeeded(Exception):
    """The file holds an object of a class that has no stand-in."""


class _Step:
    """Holds the fitted attributes of a step."""


#: What stands in for scikit-learn's classes while a file is looked at.
_STAND_INS: Final = {name: type(name, (_Step,), {}) for name in (*LINEAR_CLASSIFIERS, PASSED_OVER, SCALER, "Pipeline")}


class _WithoutLibrary(NumpyUnpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ("numpy", "joblib"):
            return super().find_class(module, name)
        if module.startswith("sklearn.") and name in _STAND_INS:
            return _STAND_INS[name]
        raise _LibraryNeeded(f"{module}.{name}")
