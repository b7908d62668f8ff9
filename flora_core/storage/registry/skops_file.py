"""Models that are exported and imported as skops files, looked through before anything in them is built.

A pickle runs code when it is loaded; a skops file names the types it is made of. Whatever is not on our own list is refused by
its name, before any of it is built; and so is a file that would unfold into more than it says.

References
----------
skops.io, https://skops.readthedocs.io/en/stable/persistence.html
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from typing import Any, Final

import numpy as np

from flora_core.errors import Refused, TooLarge
from flora_core.model import Model, Novelty, pooled_covariance

#: What a file says of itself.
FORMAT: Final = 1
_SCHEMA: Final = "schema.json"
#: Bytes that a file may unfold into, its description alone, and the number of its parts.
_MOST_BYTES, _MOST_SCHEMA, _MOST_PARTS = 512_000_000, 64_000_000, 50_000
#: Levels of parts within parts of a file.
_MAX_DEPTH: Final = 60

#: How each type may stand in a file: (module, name, the loader of skops that builds it). These are the types of every
#: pipeline that this program makes (a test exports them all), and nothing else.
TRUSTED: Final = frozenset(
    {
        *(
            ("builtins", name, loader)
            for name, loader in (("dict", "DictNode"), ("list", "ListNode"), ("tuple", "TupleNode"))
        ),
        ("builtins", "str", "JsonNode"),
        ("builtins", "str", "TypeNode"),
        *(("numpy", name, "NdArrayNode") for name in ("ndarray", "float64", "int64", "uint64")),
        *(("numpy", name, "FunctionNode") for name in ("clip", "dot", "log", "take")),
        ("numpy", "dtype", "DTypeNode"),
        ("numpy.random._generator", "Generator", "RandomGeneratorNode"),
        ("sklearn._loss._loss", "CyHalfMultinomialLoss", "LossNode"),
        ("sklearn._loss._loss", "CyHalfBinomialLoss", "LossNode"),
        ("sklearn.tree._tree", "Tree", "TreeNode"),
        *(
            (module, name, "ObjectNode")
            for module, name in (
                ("sklearn._loss.link", "Interval"),
                ("sklearn._loss.link", "LogitLink"),
                ("sklearn._loss.link", "MultinomialLogit"),
                ("sklearn._loss.loss", "HalfBinomialLoss"),
                ("sklearn._loss.loss", "HalfMultinomialLoss"),
                ("flora_core.learning.algorithms.pairwise_svc", "PairwiseSVC"),
                ("sklearn.calibration", "CalibratedClassifierCV"),
                ("sklearn.calibration", "_CalibratedClassifier"),
                ("sklearn.calibration", "_SigmoidCalibration"),
                ("sklearn.calibration", "_TemperatureScaling"),
                ("sklearn.discriminant_analysis", "LinearDiscriminantAnalysis"),
                ("sklearn.ensemble._forest", "RandomForestClassifier"),
                ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"),
                ("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", "HistGradientBoostingClassifier"),
                ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
                ("sklearn.impute._base", "SimpleImputer"),
                ("sklearn.linear_model._logistic", "LogisticRegression"),
                ("sklearn.metrics._dist_metrics", "EuclideanDistance64"),
                ("sklearn.naive_bayes", "GaussianNB"),
                ("sklearn.neighbors._classification", "KNeighborsClassifier"),
                ("sklearn.neighbors._kd_tree", "KDTree"),
                ("sklearn.pipeline", "FeatureUnion"),
                ("sklearn.pipeline", "Pipeline"),
                ("sklearn.preprocessing._data", "StandardScaler"),
                ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
                ("sklearn.preprocessing._label", "LabelEncoder"),
                ("sklearn.svm._classes", "SVC"),
                ("sklearn.tree._classes", "DecisionTreeClassifier"),
            )
        ),
    }
)


def pack(model: Model) -> bytes:
    """The model with its card as a skops file."""
    from skops.io import dumps

    if model.gaussians.states is not None:
        raise Refused(
            f"{model.card.label} knows characters with states, which a skops file can't carry yet. Copy the models folder and "
            "the database instead (docs/operations.md, backup)."
        )
    gaussians, reference = model.gaussians, model.reference
    parts: dict[str, Any] = {
        "flora": FORMAT,
        "card": model.card.model_dump_json(),
        "pipeline": model.fitted_pipeline,
        "counts": gaussians.counts,
        "means": gaussians.means,
        "covariances": gaussians.covariances,
        "freedoms": gaussians.degrees_of_freedom,
        "stretch": float(gaussians.tail_factor),
        "temperature": float(model.calibration.temperature),
        "floor": float(model.calibration.floor),
        "each_completion": int(model.calibration.each_completion),
        "set_limits": model.conformal_thresholds,
        # Files without what follows are of the first format, and their models keep its rules.
        "set_rule": model.set_rule,
        **_novelty_parts(model.novelty),
        "reference_values": reference.values,
        "reference_species": reference.species,
        "reference_probabilities": reference.probabilities,
    }
    return bytes(dumps(parts, compression=zipfile.ZIP_DEFLATED))


def file_checksum(content: bytes) -> str:
    """The SHA-256 of a file, as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def audit(content: bytes) -> None:
    """Look through a file; builds nothing of it.

    Raises
    ------
    Refused
        It is no skops file, or holds types that are not on the list; the message names them.
    TooLarge
        It would unfold into more than a model needs.
    """
    if content[:1] == b"\x80" or content[:2] in (b"x\x01", b"x^", b"x\x9c", b"x\xda", b"\x1f\x8b", b"BZ", b"\xfd7"):
        raise Refused(
            "This is a pickle or joblib file. Loading one runs whatever code is in it, so it was not opened. Export the model "
            "again as skops: python -m flora_core models export VERSION -o FILE.skops"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _measured(archive)
            schema = json.loads(archive.read(_SCHEMA))
            found = _types(schema)
            for name in archive.namelist():
                if name.endswith(".npy"):
                    _array_is_as_large_as_it_says(archive, name)
                elif name != _SCHEMA:
                    raise Refused(f"The file holds '{name[:80]}', which no model needs. It was not opened.")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _no_skops() from error
    except RecursionError:
        raise Refused("The file's parts lie in each other deeper than any model's. It was not opened.") from None
    foreign = sorted({f"{module}.{name}" for module, name, loader in found if (module, name, loader) not in TRUSTED})
    if foreign:
        shown = ", ".join(name[:80] for name in foreign[:8]) + (
            f" and {len(foreign) - 8} more" if len(foreign) > 8 else ""
        )
        raise Refused(
            f"The file holds what no model of this program is made of: {shown}. Nothing of it was loaded. Only models that "
            "this program exported can be brought in."
        )


def read_model_data(content: bytes) -> dict[str, Any]:
    """What a file holds as plain data, after `audit`: numbers, texts, lists and arrays; no object is built of it.

    An object of the file is a dict of its attributes, with the name of its class under "@".

    Raises
    ------
    Refused, TooLarge
        As `audit`; or it is not put together as skops puts files together.
    """
    audit(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        try:
            found = _plain(json.loads(archive.read(_SCHEMA)), archive, 0)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, EOFError, OSError) as error:
            raise _no_skops() from error
    if not isinstance(found, dict) or "@" in found:
        raise Refused("The file is a skops file, but no model that this program exported.")
    return found


def _plain(node: Any, archive: zipfile.ZipFile, depth: int) -> Any:
    """One node of a file's description, as data."""
    if depth > _MAX_DEPTH:
        raise ValueError("too deep")
    loader, content = node["__loader__"], node.get("content")
    if loader == "JsonNode":
        return json.loads(content)
    if loader == "NdArrayNode":
        if node["type"] != "numpy":
            raise ValueError("an array of objects")
        with archive.open(node["file"]) as stream:
            return np.lib.format.read_array(io.BytesIO(stream.read()), allow_pickle=False)
    if loader in ("ListNode", "TupleNode"):
        return [_plain(one, archive, depth + 1) for one in content]
    if loader == "DictNode":
        return {str(name): _plain(one, archive, depth + 1) for name, one in content.items()}
    if loader == "ObjectNode":
        attributes = {} if content is None else _plain(content, archive, depth + 1)
        return {**(attributes if isinstance(attributes, dict) else {}), "@": str(node["__class__"])}
    if loader == "TreeNode":
        return (
            {**_plain(content, archive, depth + 1), "@": str(node["__class__"])}
            if node["__class__"] == "Tree"
            else None
        )
    # Functions, types, losses and random generators are code: ours are used instead.
    return None


def _novelty_parts(novelty: Novelty | None) -> dict[str, Any]:
    if novelty is None:
        return {}
    pooled = pooled_covariance(novelty)
    parts: dict[str, Any] = {
        "novelty_level": float(novelty.usual_level),
        "novelty_stretch": float(novelty.gaussians.tail_factor),
    }
    return parts if pooled is None else {**parts, "novelty_pooled": pooled}


def _no_skops() -> Refused:
    return Refused(
        "This is not a skops file, or it is damaged. Export the model again: python -m flora_core models export VERSION -o "
        "FILE.skops"
    )


def _measured(archive: zipfile.ZipFile) -> None:
    """Refuse what would unfold into too much; a ZIP's reader never reads more of a part than its size says."""
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    if len(parts) > _MOST_PARTS or size > _MOST_BYTES or archive.getinfo(_SCHEMA).file_size > _MOST_SCHEMA:
        raise TooLarge(
            f"The file would unfold into {size / 1e6:,.0f} MB in {len(parts):,} parts; a model has at most "
            f"{_MOST_BYTES / 1e6:,.0f} MB in {_MOST_PARTS:,}. It was not opened."
        )


def _array_is_as_large_as_it_says(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse arrays of objects, and those whose heading would reserve more memory than they fill."""
    with archive.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize > archive.getinfo(name).file_size:
        raise Refused(f"The array {name[:80]} in the file is not what it says. It was not opened.")


def _types(schema: Any) -> set[tuple[str, str, str]]:
    """Every type in a file's description: (module, name, loader)."""
    found = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__class__" in node or "__loader__" in node:
                found.add((str(node.get("__module__")), str(node.get("__class__")), str(node.get("__loader__"))))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found
