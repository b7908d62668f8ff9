"""A model file that somebody sent -> a Model: read and tried in a child process with limits, then built here from checked arrays.

The child reads the file into plain data, has `flora_core.learning.rebuilding` build the pipeline and asks it about a few plants.
Only then is the data handed over; here it is checked and built again, by the same code, and nothing of the file itself is.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import numpy as np
from pydantic import ValidationError

from flora_core.errors import Refused, TooLarge, Unknown
from flora_core.limited_process import LimitReached, Limits, run_limited
from flora_core.model import Calibration, Floats, Model, ModelCard, Novelty, Reference, SetRule, SpeciesGaussians, novelty_of
from flora_core.storage.registry.skops_file import FORMAT, read_model_data
from flora_core.study import Study

_HERE: Final = "flora_core.workflows.models.incoming"
#: Bytes that any model may come to, and for each byte of its file: what was measured does not pack better than that.
_ANY_MODEL, _EACH_BYTE = 20_000_000, 16
#: Plants that a card's reference may hold.
_MAX_REFERENCE: Final = 20_000


def read_model(content: bytes, study: Study) -> Model:
    """The model of a study, in a file that somebody sent.

    Raises
    ------
    Refused
        It is no model of this program or none of this study, or its parts are not those of one; the message names what is wrong.
    TooLarge
        It would unfold into more than a model needs.
    """
    most = _ANY_MODEL + _EACH_BYTE * len(content)
    limits = Limits(seconds=60, output=most, block=most)
    try:
        blocks = list(run_limited(f"{_HERE}:answer_parts", io.BytesIO(content), {"study": study.model_dump_json()}, limits))
        return model_of_parts(_from_blocks(blocks))
    except LimitReached as limit:
        if limit.cause == "crash":
            raise Refused(
                "The file breaks the program that reads it; no model that this program exported does. Nothing of it was used."
            ) from None
        what = {"memory": "needs more memory", "time": "takes longer", "output": "holds more"}[limit.cause]
        raise TooLarge(f"The file {what} than a model does. Nothing of it was used.") from None


def answer_parts(content: BinaryIO, asked: Mapping[str, Any]) -> Iterator[bytes]:
    """The child's half: the model's parts as data, after a model was built of them and asked about a few plants."""
    from flora_core.learning.import_validation import model_problems

    parts = read_model_data(content.read())
    model = model_of_parts(parts)
    require_same_study(Study.model_validate_json(asked["study"]), model.study)
    wrong = model_problems(model)
    if wrong:
        raise Refused(
            f"The file's card and its model don't belong together: {'; '.join(wrong)}. Nothing was registered."
        )
    yield from _as_blocks(parts)


def require_same_study(ours: Study, theirs: Study) -> None:
    """Refuse a model of another study: of other measurements, units or species.

    Raises
    ------
    Refused
    """
    if theirs.name != ours.name:
        raise Refused(
            f"The model is of the study '{theirs.name}' and not of '{ours.name}'. Choose that study, and try again."
        )
    if [(m.name, m.unit) for m in theirs.measurements] != [(m.name, m.unit) for m in ours.measurements]:
        raise Refused(
            f"The model measures other characters, or in other units, than this study: {', '.join(theirs.names[:8])}."
        )
    if theirs.species_names != ours.species_names:
        raise Refused(f"The model knows other species than this study: {', '.join(theirs.species_names[:8])}.")


def model_of_parts(parts: Mapping[str, Any]) -> Model:
    """A model built by our own code from the parts of a file.

    Raises
    ------
    Refused
        They are not those of a model.
    """
    from flora_core.learning.rebuilding import rebuild_pipeline

    if parts.get("flora") != FORMAT:
        raise Refused("The file is a skops file, but no model that this program exported.")
    try:
        card = ModelCard.model_validate_json(parts["card"])
        gaussians = SpeciesGaussians(
            counts=_floats(parts["counts"]),
            means=_floats(parts["means"]),
            covariances=_floats(parts["covariances"]),
            degrees_of_freedom=_floats(parts["freedoms"]),
            tail_factor=float(parts["stretch"]),
        )
        if len(parts["reference_values"]) > _MAX_REFERENCE:
            raise Refused(f"The file's card holds more than {_MAX_REFERENCE:,} reference plants. It was not used.")
        species = np.asarray(parts["reference_species"])
        if species.dtype.kind not in "iu" or species.ndim != 1:
            raise ValueError
        reference = Reference(
            _floats(parts["reference_values"]), species.astype(np.int64), _floats(parts["reference_probabilities"])
        )
        return Model(
            card=card,
            pipeline=rebuild_pipeline(card, gaussians.counts, parts["pipeline"]),
            gaussians=gaussians,
            calibration=Calibration(
                float(parts["temperature"]), float(parts["floor"]), bool(parts.get("each_completion", False))
            ),
            conformal_thresholds=_floats(parts["set_limits"]),
            reference=reference,
            set_rule=_set_rule(parts.get("set_rule", "cumulative")),
            novelty=_novelty(gaussians, parts),
        )
    except Unknown as error:
        raise Refused(f"The file's card can't be used: {error.message}") from error
    except (ValidationError, AttributeError, KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
        raise Refused(
            "The file's card or parts can't be read by this program; it was exported by another version of it, or was changed."
        ) from error


def _novelty(gaussians: SpeciesGaussians, parts: Mapping[str, Any]) -> Novelty | None:
    if "novelty_level" not in parts:
        return None
    pooled = _floats(parts["novelty_pooled"]) if "novelty_pooled" in parts else None
    if pooled is not None and (pooled.shape != gaussians.covariances.shape[1:] or not np.isfinite(pooled).all()):
        raise ValueError("no covariance")
    return novelty_of(gaussians, pooled, float(parts["novelty_stretch"]), float(parts["novelty_level"]))


def _set_rule(rule: Any) -> SetRule:
    if rule == "cumulative":
        return "cumulative"
    if rule == "prevalence":
        return "prevalence"
    raise ValueError(rule)


def _floats(value: Any) -> Floats:
    found = np.asarray(value)
    if found.dtype.kind not in "fiu":
        raise ValueError("no numbers")
    return np.asarray(found, dtype=np.float64)


# Data on its way from the child: one JSON document in which arrays have numbers, and the arrays one after the other.


def _as_blocks(parts: Mapping[str, Any]) -> Iterator[bytes]:
    arrays = io.BytesIO()
    count = 0

    def plain(value: Any) -> Any:
        nonlocal count
        if isinstance(value, (np.ndarray, np.generic)):
            np.lib.format.write_array(arrays, np.asarray(value), allow_pickle=False)
            count += 1
            return {"#": count - 1}
        if isinstance(value, Mapping):
            return {str(name): plain(one) for name, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value

    document = json.dumps(plain(parts))
    yield json.dumps(count).encode()
    yield document.encode()
    yield arrays.getvalue()


def _from_blocks(blocks: list[bytes]) -> dict[str, Any]:
    try:
        count, document, content = json.loads(blocks[0]), json.loads(blocks[1]), io.BytesIO(blocks[2])
        arrays = [np.lib.format.read_array(content, allow_pickle=False) for _ in range(int(count))]
    except (ValueError, IndexError, EOFError, MemoryError):
        raise LimitReached("crash") from None

    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            return arrays[value["#"]] if set(value) == {"#"} else {name: whole(one) for name, one in value.items()}
        return [whole(one) for one in value] if isinstance(value, list) else value

    found: dict[str, Any] = whole(document)
    return found
