"""The page of admins as a script: it does what its buttons say, and is nobody else's."""

import pytest
from streamlit.testing.v1 import AppTest

from flora_core.access import Principal, Role
from flora_core.workflows.access.people import grant_role
from tests.servers import ROOT
from ui.server.startup import STARTUP

ISSUER = "https://login.example.org"


@pytest.fixture
def page(context, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    monkeypatch.setenv("FLORA_OIDC_ISSUER", "")
    STARTUP.close()
    STARTUP.wait(30)

    def opened(who=None, view="People"):
        if who is not None:
            monkeypatch.setattr("ui.site.person.current_principal", lambda context: who)
        at = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=30).run()
        at.session_state["access.view"] = view
        at.switch_page("../pages/access.py").run()
        assert not at.exception
        return at

    yield opened
    STARTUP.close()


def column(at, name):
    return next(one.value[name].tolist() for one in at.dataframe if name in one.value)


def test_a_role_is_given_and_taken_away(page, context):
    context.people.grant(ISSUER, "1", Role.VIEWER, "a test", "Ada *Green*")
    at = page()
    assert column(at, "Roles") == ["viewer"]
    at.selectbox(key="access.role").set_value(Role.CURATOR).run()
    at.button(key="access.give").click().run()
    assert at.success[0].value == "Ada \\*Green\\* has the role of curator now\\."
    person = context.people.find(ISSUER, "1")
    assert person.roles == {Role.VIEWER, Role.CURATOR}
    at.button(key="access.give").click().run()
    assert "has the role of curator already" in at.error[0].value
    at.button(key="access.take").click().run()
    assert context.people.find(ISSUER, "1").roles == {Role.CURATOR}


def test_a_token_is_shown_once_and_can_be_ended(page, context):
    at = page(view="Tokens")
    at.text_input(key="access.token-name").set_value("import").run()
    at.button(key="access.make").click().run()
    secret = at.code[0].value
    assert context.tokens.opened_by(secret).roles == {Role.BOTANIST}
    at.run()
    assert not at.code
    at.button(key="access.end").click().run()
    assert context.tokens.all()[0].revoked_at is not None


def test_a_name_is_erased_only_where_one_is_sure(page, context):
    grant_role(context, ISSUER, "1", "viewer", "Carl Linnaeus")
    at = page()
    assert at.button(key="access.erase").disabled
    at.text_input(key="access.name").set_value("Carl Linnaeus").run()
    at.checkbox(key="access.sure").check().run()
    at.button(key="access.erase").click().run()
    assert "What was said of plants stays" in at.success[0].value
    # What is only looked at stands in the trail where it was refused.
    assert column(page(view="Audit trail"), "What")[:2] == ["erase the name of a person", "manage people and roles"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_others_learn_who_may_and_see_nothing(page, role):
    at = page(Principal("7", "program", "Robot", frozenset({role}), 7))
    assert "To manage people and roles takes the role of an admin." in [caption.value for caption in at.caption]
    assert not at.dataframe
    assert not at.get("button_group")
