"""The Guide page as a script."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.servers import ROOT
from ui.components.guide import chapters
from ui.server.startup import STARTUP


@pytest.fixture
def page(context, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)
    at = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=30).run()
    yield at.switch_page("../pages/guide.py").run()
    STARTUP.close()


def test_every_chapter_can_be_read(page):
    for chapter in chapters():
        page.radio(key="chapter").set_value(chapter.name).run()
        assert not page.exception
        assert page.title[0].value == chapter.title
        assert page.query_params["chapter"] == chapter.name


def test_links_stay_inside_the_program_and_pictures_speak(page):
    said = "\n".join(m.value for m in page.markdown)
    assert "guide?chapter=tables#one-plant-in-several-rows" in said
    assert ".md)" not in said
    assert page.get("imgs") or page.get("image")
