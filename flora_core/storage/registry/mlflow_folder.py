"""A model version as an MLflow model folder, so that MLflow's servers, and what understands them, can take it.

MLflow itself is not needed to write one: the folder is a few text files beside the model's skops file, and a copy of this
package's source that reads it. No pickle is in it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

import flora_core
from flora_core.errors import Refused, Unavailable
from flora_core.model import Model
from flora_core.storage.registry.skops_file import pack

_MODEL: Final = "model.skops"
#: What reading a model and naming plants with it needs of the libraries this program is pinned to.
_NEEDED: Final = ("numpy", "scipy", "scikit-learn", "pandas", "pydantic", "skops", "joblib")


def write_mlflow_folder(model: Model, target: Path) -> None:
    """Write the folder: whole, or not at all.

    Raises
    ------
    Refused
        There is something at `target` already.
    Unavailable
        It can't be written.
    """
    if target.exists():
        raise Refused(f"{target} is there already; choose another name.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / "code").mkdir(parents=True)
        (unfinished / _MODEL).write_bytes(pack(model))
        source = Path(flora_core.__file__).parent
        shutil.copytree(source, unfinished / "code" / "flora_core", ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in _papers(model).items():
            (unfinished / name).write_text(text, encoding="utf-8")
        unfinished.rename(target)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise Unavailable(f"{target} can't be written: {error.strerror or error}.") from error


def _papers(model: Model) -> dict[str, str]:
    pins = [f"{name}=={version_of(name)}" for name in _NEEDED]
    python = ".".join(model.card.libraries["python"].split(".")[:3])
    inputs = [{"type": "double", "name": name, "required": False} for name in model.study.names]
    outputs = [
        {"type": "string", "name": "species", "required": True},
        {"type": "double", "name": "probability", "required": True},
        {"type": "string", "name": "qualifier", "required": True},
        {"type": "string", "name": "prediction_set", "required": True},
        {"type": "boolean", "name": "fits", "required": True},
        {"type": "boolean", "name": "unusual", "required": True},
    ]
    document: dict[str, Any] = {
        "artifact_path": "model",
        "flavors": {
            "python_function": {
                "code": "code",
                "data": _MODEL,
                "env": {"virtualenv": "python_env.yaml"},
                "loader_module": "flora_core.workflows.models.mlflow_loader",
                "python_version": python,
            }
        },
        # MLflow wants an identifier of 32 digits; the card's own words give the same one every time.
        "model_uuid": hashlib.sha256(model.card.model_dump_json().encode()).hexdigest()[:32],
        "signature": {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs), "params": None},
        "utc_time_created": f"{model.card.trained_at:%Y-%m-%d %H:%M:%S.%f}",
    }
    dependencies = "".join(f"- {line}\n" for line in ("-r requirements.txt",))
    return {
        # JSON is YAML too, and every reader of YAML takes it.
        "MLmodel": json.dumps(document, indent=2) + "\n",
        "requirements.txt": "".join(f"{pin}\n" for pin in pins),
        "python_env.yaml": f'python: "{python}"\nbuild_dependencies:\n- pip\ndependencies:\n{dependencies}',
        "card.json": model.card.model_dump_json(indent=1) + "\n",
    }
