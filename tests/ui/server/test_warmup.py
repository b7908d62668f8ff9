"""What is done before anybody comes."""

from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from ui import home
from ui.server import warmup


def test_home_is_looked_at_once_and_a_study_without_a_champion_keeps_nobody_out(context, monkeypatch):
    monkeypatch.setattr(home, "_kept", {})
    other = IRIS.model_copy(update={"name": "bare"})
    context.studies.add(other, iris_plants(), "Ada")
    warmup.preload_overviews(context)
    assert [key[1] for key in home._kept] == ["iris", "bare"]
    before = dict(home._kept)
    home.cached_overview(context, "iris")
    assert home._kept == before
    warmup.preload_models(context)
