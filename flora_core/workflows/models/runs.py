"""The trainings of a study side by side, and as MLflow's users know them: experiments, runs, parameters, metrics, tags."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flora_core.access import UseCase
from flora_core.errors import Refused
from flora_core.model import Candidate, ModelCard
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

#: As MLflow's file store writes them: a finished run, of a local program.
_FINISHED: Final = 3
_LOCAL: Final = 4
#: MLflow takes no longer value of a parameter.
_LONGEST: Final = 6000


def run_document(card: ModelCard) -> dict[str, Any]:
    """One training, for programs and tables: scores, parameters, data and code version."""
    s = card.scores
    return {
        "study": card.study.name,
        "version": card.version,
        "algorithm": card.algorithm,
        "algorithm_title": card.algorithm_title,
        "hyperparameters": dict(card.hyperparameters),
        "shape_ratios": card.shape_ratios,
        "seed": card.seed,
        "folds": card.folds,
        "repeats": card.repeats,
        "accuracy": s.accuracy,
        "low": s.low,
        "high": s.high,
        "plants_scored": s.plants,
        "balanced_accuracy": s.balanced_accuracy,
        "log_loss": s.log_loss,
        "calibration_error": s.calibration_error,
        "set_coverage": s.set_coverage,
        "set_size": s.set_size,
        "candidates": len(card.candidates),
        "plants": card.table.rows,
        "determined": card.table.determined,
        "table": card.table.source,
        "table_sha256": card.table.sha256,
        "libraries": dict(card.libraries),
        "trained_at": card.trained_at.isoformat(timespec="seconds"),
        "trained_by": card.trained_by,
        "seconds": card.seconds,
        "imported": card.imported is not None,
    }


@use_case(UseCase.READ_MODELS)
def list_runs(context: AppContext, study: str) -> list[dict[str, Any]]:
    """The trainings behind all versions of a study, oldest first. Reads only.

    Raises
    ------
    Unknown, ArtifactRefused
    """
    context.studies.get(study)
    return [run_document(context.registry.card(study, v.version)) for v in context.registry.versions(study)]


@use_case(UseCase.EXPORT_MODEL)
def export_runs(context: AppContext, study: str, folder: Path) -> int:
    """Write the trainings of a study as a file store of MLflow (`mlruns`): a run a version, a nested run a candidate.

    Parameters
    ----------
    folder : Path
        A new one.

    Returns
    -------
    int
        How many runs were written.

    Raises
    ------
    Refused
        The folder is there already, or can't be written.
    Unknown, ArtifactRefused

    References
    ----------
    MLflow documentation, Backend stores: file store.
    """
    title = context.studies.get(study).title
    cards = [context.registry.card(study, v.version) for v in context.registry.versions(study)]
    champion = context.registry.champion_version(study)
    try:
        folder.mkdir(parents=True)
        experiment = _FileExperiment(folder, study, title)
        for card in cards:
            experiment.write_version(card, champion=card.version == champion)
    except FileExistsError:
        raise Refused(f"{folder} is there already; choose another name.") from None
    except OSError as error:
        raise Refused(f"{folder} can't be written: {error.strerror or error}.") from None
    return experiment.written


class _FileExperiment:
    """An experiment of MLflow's file store, being written."""

    def __init__(self, folder: Path, study: str, title: str) -> None:
        # A number of its own, the same whenever it is written; 0 is MLflow's default experiment.
        self._id = str(int(_digest(study)[:15], 16) + 1)
        self._folder = folder / self._id
        self._folder.mkdir()
        self.written = 0
        self._meta(
            self._folder,
            {
                "artifact_location": self._folder.resolve().as_uri(),
                "creation_time": 0,
                "experiment_id": self._id,
                "last_update_time": 0,
                "lifecycle_stage": "active",
                "name": study,
            },
        )
        (self._folder / "tags").mkdir()
        self._text(self._folder / "tags" / "mlflow.note.content", title)

    def write_version(self, card: ModelCard, *, champion: bool) -> None:
        """The run of a version, and one nested in it for each candidate."""
        run = run_document(card)
        identifier = _digest(f"{card.study.name} {card.version} {card.table.sha256}")
        metrics = {name: run[name] for name in _METRICS}
        parameters = {
            "algorithm": card.algorithm,
            **card.hyperparameters,
            **{name: run[name] for name in ("seed", "folds", "repeats", "shape_ratios", "plants", "determined")},
            "table_sha256": card.table.sha256,
        }
        tags = {
            "version": str(card.version),
            "champion": str(champion).lower(),
            "chosen": card.chosen,
            "table": card.table.source,
            **{f"library.{name}": version for name, version in card.libraries.items()},
        }
        took = timedelta(seconds=card.seconds)
        place = self._write(identifier, f"v{card.version}", card, took, parameters, metrics, tags)
        (place / "artifacts" / "card.json").write_text(card.model_dump_json(indent=1), encoding="utf-8")
        for number, candidate in enumerate(card.candidates, 1):
            self._write_candidate(identifier, number, candidate, card)

    def _write_candidate(self, parent: str, number: int, candidate: Candidate, card: ModelCard) -> None:
        values = candidate.model_dump()
        metrics = {
            name: values[name]
            for name in ("log_loss", "log_loss_low", "log_loss_high", "accuracy", "low", "high", "balanced_accuracy", "plants")
            if values[name] is not None
        }
        self._write(
            _digest(f"{parent} {number}"),
            f"v{card.version} candidate {number}",
            card,
            timedelta(seconds=candidate.seconds),
            {"algorithm": candidate.algorithm, **candidate.hyperparameters},
            metrics,
            {"mlflow.parentRunId": parent, "chosen": str(candidate.chosen).lower(), "outcome": candidate.why},
        )

    def _write(
        self,
        identifier: str,
        name: str,
        card: ModelCard,
        took: timedelta,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> Path:
        place = self._folder / identifier
        for part in ("params", "metrics", "tags", "artifacts"):
            (place / part).mkdir(parents=True)
        ended = _milliseconds(card.trained_at)
        self._meta(
            place,
            {
                "artifact_uri": (place / "artifacts").resolve().as_uri(),
                "end_time": ended,
                "entry_point_name": "",
                "experiment_id": self._id,
                "lifecycle_stage": "active",
                "run_id": identifier,
                "run_name": name,
                "run_uuid": identifier,
                "source_name": "",
                "source_type": _LOCAL,
                "source_version": "",
                "start_time": ended - int(1000 * took.total_seconds()),
                "status": _FINISHED,
                "tags": [],
                "user_id": card.trained_by,
            },
        )
        for key, value in parameters.items():
            self._text(place / "params" / _key(key), str(value)[:_LONGEST])
        for key, value in metrics.items():
            self._text(place / "metrics" / _key(key), f"{ended} {float(value)!r} 0\n")
        for key, value in {"mlflow.runName": name, "mlflow.user": card.trained_by, **tags}.items():
            self._text(place / "tags" / _key(key), value)
        self.written += 1
        return place

    def _meta(self, place: Path, values: Mapping[str, Any]) -> None:
        # Every JSON value is a YAML value.
        lines = "".join(f"{key}: {json.dumps(value, ensure_ascii=True)}\n" for key, value in values.items())
        self._text(place / "meta.yaml", lines)

    def _text(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8", newline="\n")


_METRICS: Final = (
    "accuracy",
    "low",
    "high",
    "balanced_accuracy",
    "log_loss",
    "calibration_error",
    "set_coverage",
    "set_size",
    "plants_scored",
    "seconds",
)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _key(name: str) -> str:
    """A name that MLflow takes for a key: letters, digits and _-. /; of these those that a file name may hold."""
    return re.sub(r"[^\w. -]", "_", name, flags=re.ASCII)


def _milliseconds(moment: datetime) -> int:
    return int(1000 * moment.timestamp())
