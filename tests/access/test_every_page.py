"""The pages, by HTTP and by websocket: who may open them, and that no button is there that a role can't use."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from flora_core.access import ROLE_NEEDED, Role
from tests.access.conftest import EVERYBODY
from tests.servers import ROOT

pytestmark = pytest.mark.slow

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("who", EVERYBODY, ids=str)
def test_pages_and_websockets_open_for_those_with_a_role(inhabited, who):
    visitor = inhabited.browser(who)
    for page in PAGES:
        before = len(inhabited.trail(who, "browser"))
        status, _ = visitor.ask("GET", f"/{page}", Accept="text/html")
        assert status == (200 if isinstance(who, Role) else 401 if who is None else 403), page
        if not isinstance(who, Role):
            assert inhabited.trail(who, "browser", before, {("enter", "refused")}) == [("enter", "refused")]
    before = len(inhabited.trail(who, "browser"))
    assert visitor.opening() == (101 if isinstance(who, Role) else 403)
    if not isinstance(who, Role):
        assert inhabited.trail(who, "browser", before, {("enter", "refused")}) == [("enter", "refused")]


def buttons(told):
    """The identifiers of the buttons that a page was told to show, without the way out."""
    elements = [message.delta.new_element for message in told if message.WhichOneof("type") == "delta"]
    shown = [element.button for element in elements if element.WhichOneof("type") == "button"]
    return [one.id for one in shown if one.label != "Sign out" and not one.disabled]


def press(socket, page, button):
    """Press a button of a page; the kinds of what went wrong on it."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    pressed = asked.rerun_script.widget_states.widgets.add()
    pressed.id, pressed.trigger_value = button, True
    socket.send(asked.SerializeToString())
    wrong = []
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(60))
        if message.WhichOneof("type") == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            wrong.append(message.delta.new_element.exception.type)
        if message.WhichOneof("type") == "script_finished":
            return wrong


@pytest.mark.parametrize("who", [Role.VIEWER, Role.BOTANIST, Role.CURATOR], ids=str)
def test_no_button_is_there_that_a_role_can_t_use(inhabited, who):
    """Every button of every page is pressed: nothing of it is refused, and nothing done that takes a higher role."""
    visitor = inhabited.browser(who)
    before, pressed = len(inhabited.trail(who, "browser")), 0
    for page in PAGES:
        with visitor.open() as socket:
            _, told = visitor.session(socket, "" if page == "home" else page)
            for button in buttons(told):
                assert press(socket, page, button) == [], (page, button)
                pressed += 1
    assert pressed >= 3
    needed = {str(asked): role for asked, role in ROLE_NEEDED.items()}
    for use_case, result in inhabited.trail(who, "browser", before):
        assert result != "refused", use_case
        assert who.rank >= needed[use_case].rank, use_case
