"""Tests against tables and figures that lie beside the checkout; skipped where there are none."""

from pathlib import Path

import pytest

from tests.servers import SHARED

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.conformance)
            if not SHARED.exists():
                item.add_marker(pytest.mark.skip(reason="there is no ../shared beside this checkout"))
