"""The whole sign-in, through a real identity provider, in a real browser: in, out, and what ends when a role is taken away."""

import re
import shutil
import time

import pytest

from flora_core.access import Role
from flora_core.workflows.context import open_context
from tests.browser.conftest import IDLE
from tests.conftest import settings_in
from tests.servers import IdentityProvider, WebServer, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = (
    {"sub": "248289761001", "name": "Ada Green", "email": "ada@example.org"},
    {"sub": "248289761002", "name": "Mary Gray", "email": "mary@example.org", "groups": ["herbarium", "rowing club"]},
    {"sub": "248289761003", "name": "Carl <b>Linnaeus</b>", "email": "carl@example.org"},
)
ADA, MARY, CARL = (str(person["sub"]) for person in PEOPLE)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    with IdentityProvider(tmp_path_factory.mktemp("provider"), PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def signed_in_server(provider, first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed-in") / "context"
    shutil.copytree(first_start, folder)
    port = free_port()
    with WebServer(folder, port, provider.settings(port)) as running:
        running.wait_for("/readyz", 200)
        yield running


@pytest.fixture
def admin(signed_in_server):
    """The command on the server's own machine: another process's view of the same database."""
    opened = open_context(settings_in(signed_in_server.folder))
    yield opened
    opened.close()


@pytest.fixture
def window(browser, signed_in_server):
    """Windows of one browser with nothing remembered; each test begins as nobody."""
    contexts = []

    def opened(path="/", context=None):
        if context is None:
            context = browser.new_context(viewport={"width": 1360, "height": 900})
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(signed_in_server.address + path)
        return page

    yield opened
    for context in contexts:
        context.close()


def sign_in(page, subject):
    page.get_by_role("link", name="Sign in").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def with_role(admin, provider, subject, *roles):
    """The person with exactly these roles, given as an admin gives them."""
    person = admin.people.find(provider.issuer, subject)
    for role in () if person is None else person.roles - set(roles):
        admin.people.revoke(person.id, role)
    for role in set(roles) - (frozenset() if person is None else person.roles):
        admin.people.grant(provider.issuer, subject, role, "a test")
    return admin.people.find(provider.issuer, subject)


def end_at_provider(page):
    """Confirm at the provider that the session ends; one that could not be asked in time is passed over, and here it ends too."""
    confirm, out = page.get_by_role("button", name="End session"), page.get_by_role("link", name="Sign in")
    confirm.or_(out).first.wait_for(timeout=60_000)
    if confirm.count():
        confirm.click()
    out.wait_for()


def test_nobody_sees_the_way_in_and_nothing_else(window):
    page = window("/identify")
    assert page.get_by_role("link", name="Sign in").count() == 1
    assert page.locator('[data-testid="stApp"]').count() == 0


def test_who_has_no_role_learns_what_to_ask_an_admin_for(window, provider, admin):
    with_role(admin, provider, CARL)
    page = window()
    sign_in(page, CARL)
    text = page.locator("main").inner_text()
    assert "You are signed in as Carl <b>Linnaeus</b>, and have no role here yet" in text
    assert CARL in text
    assert provider.issuer in text
    page.get_by_role("link", name="Sign out").click()
    end_at_provider(page)


def test_in_and_out_again(window, provider, admin):
    with_role(admin, provider, ADA, Role.BOTANIST)
    page = window()
    sign_in(page, ADA)
    page.wait_for_selector(IDLE)
    page.get_by_role("button", name="Ada Green").click()
    shown = page.get_by_test_id("stPopoverBody")
    assert re.search(rf"botanist · {ADA} at ", shown.inner_text())

    cookies = page.context.cookies()
    mine = [cookie for cookie in cookies if cookie["name"] == "_streamlit_user"]
    assert mine
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in mine)
    assert all(cookie["expires"] - time.time() < 8 * 3600 + 60 for cookie in mine)

    page.get_by_role("button", name="Sign out").click()
    end_at_provider(page)

    # A cookie that somebody copied before is worth nothing after the sign-out.
    page.context.add_cookies(mine)
    page.goto(page.url.split("?")[0])
    page.get_by_role("link", name="Sign in").wait_for()
    assert page.locator('[data-testid="stApp"]').count() == 0


def test_groups_of_the_provider_give_roles(window, provider, admin):
    page = window()
    sign_in(page, MARY)
    page.wait_for_selector(IDLE)
    assert admin.people.find(provider.issuer, MARY).roles == {Role.CURATOR}


@pytest.mark.parametrize("path", ["/", "/identify"])
def test_a_role_taken_away_ends_what_is_open(window, provider, admin, path):
    person = with_role(admin, provider, ADA, Role.CURATOR)
    page = window(path)
    sign_in(page, ADA)
    page.wait_for_selector(IDLE)
    second = window(path, page.context)
    second.wait_for_selector(IDLE)

    began = time.monotonic()
    admin.people.revoke(person.id, Role.CURATOR)
    for opened in (page, second):
        # What was on the screen is gone: the page was closed, and its next answer is the one of who has no role.
        opened.get_by_text("have no role here yet").wait_for(timeout=2_000)
    assert time.monotonic() - began < 2.0
    answer = page.request.get(page.url)
    assert answer.status == 403
    assert "Ada Green has no role here" in answer.json()["detail"]


def test_a_smaller_role_keeps_its_pages_and_loses_what_it_gave(window, provider, admin):
    person = with_role(admin, provider, ADA, Role.VIEWER, Role.MAINTAINER)
    page = window()
    sign_in(page, ADA)
    page.wait_for_selector(IDLE)
    models = page.url.split("?")[0] + "models"
    page.goto(models)
    page.get_by_role("heading", name="Model versions").wait_for()
    with page.expect_navigation(timeout=2_500):
        admin.people.revoke(person.id, Role.MAINTAINER)
    page.goto(models)
    page.wait_for_selector(IDLE)
    page.get_by_role("button", name="Ada Green").click()
    assert f"viewer · {ADA} at " in page.get_by_test_id("stPopoverBody").inner_text()
