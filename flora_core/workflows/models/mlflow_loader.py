"""A version behind a server that is not ours: what MLflow loads from a folder that `models export --mlflow` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flora_core.identification.naming import answer, predict_plants
from flora_core.model import Model
from flora_core.storage.registry.skops_file import read_model_data
from flora_core.workflows.models.incoming import model_of_parts


class Served:
    """Names plants of a table: one column a measurement, in the study's units; a missing cell or column is not measured."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def predict(self, plants: Any, params: Any = None) -> Any:
        """The answers, one row a plant.

        Parameters
        ----------
        plants : pandas.DataFrame

        Returns
        -------
        pandas.DataFrame
            species, probability, qualifier, prediction_set (joined with " | "), fits, unusual.
        """
        import pandas as pd

        study = self._model.study
        values = np.full((len(plants), len(study.measurements)), np.nan)
        for i, name in enumerate(study.names):
            if name in plants:
                values[:, i] = plants[name].to_numpy(dtype=np.float64)
        named = predict_plants(self._model, values)
        given = [
            answer(study, p, int(best), bool(fits), held)
            for p, best, fits, held in zip(named.probabilities, named.best, named.fits, named.in_set, strict=True)
        ]
        return pd.DataFrame(
            {
                "species": [one.species for one in given],
                "probability": named.probabilities.max(axis=1),
                "qualifier": [one.qualifier for one in given],
                "prediction_set": [" | ".join(one.prediction_set) for one in given],
                "fits": named.fits,
                "unusual": named.unusual,
            }
        )


def _load_pyfunc(path: str) -> Served:
    """What MLflow calls with the path of the model's skops file: its types are audited before anything is built."""
    return Served(model_of_parts(read_model_data(Path(path).read_bytes())))
