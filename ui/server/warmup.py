"""What the first visitor would otherwise wait for, done once before anybody comes."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flora_core.errors import FloraError
from flora_core.workflows.context import AppContext
from flora_core.workflows.identify import identify_with

#: Studies whose state is looked at before anybody asks.
_LOOKED_AT: Final = 4


def preload_overviews(context: AppContext) -> None:
    """Look at the state of the first studies, so that their Home page is there at once."""
    from ui.home import cached_overview

    for study in context.studies.names()[:_LOOKED_AT]:
        with suppress(FloraError):
            cached_overview(context, study)


def preload_models(context: AppContext) -> None:
    """Load the champions and name and draw one plant with the first, so that every module it takes is there.

    A champion that can't be loaded does not keep the server from starting: the pages and /readyz say what is wrong with it.
    """
    import plotly.io

    from ui.charts.scatter import among_training_plants, best_pair
    from ui.identify.sections import example_plant

    for i, study in enumerate(context.studies.names()):
        try:
            model = context.champion(study)
        except FloraError:
            continue
        if i == 0:
            found = identify_with(model, {name: str(value) for name, value in example_plant(model).items()})
            plotly.io.to_json(among_training_plants(model, found.plant.values, *best_pair(model)), validate=False)
