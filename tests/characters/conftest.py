"""A model of made-up plants with known truth, and one of penguins, each made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flora_core.learning.training import train
from flora_core.model import Model
from flora_core.workflows.context import AppContext, open_context
from tests.builders import make_named_study
from tests.characters.known_truth import KnownTruth, known_truth
from tests.conftest import settings_in

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def truth() -> KnownTruth:
    return known_truth()


@pytest.fixture(scope="session")
def mixed(truth: KnownTruth) -> Model:
    """Made-up plants, half of whose characters are states."""
    return train(truth.study, truth.plants(300, np.random.default_rng(1)), algorithm="lda")


@pytest.fixture(scope="session")
def penguins(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppContext]:
    """A context in which penguins are identified."""
    folder = tmp_path_factory.mktemp("penguins") / "context"
    shutil.copytree(first_start, folder)
    context = open_context(settings_in(folder))
    make_named_study(context, "penguins", (DATA / "penguins.csv").read_text(), label="species")
    yield context
    context.close()
