"""A server at which one person of each role can sign in, and a token of each role."""

import shutil
import time
from dataclasses import dataclass

import pytest

from flora_core.access import Role
from flora_core.workflows.context import open_context
from tests.access.visitors import ISSUER, Visitor, signed_cookie, signed_in_settings
from tests.conftest import settings_in
from tests.servers import WebServer, free_port

#: Everybody there is: nobody, somebody without a role, and one of each role.
EVERYBODY = (None, "without a role", *Role)


def may(who, needed):
    """Whether the table lets this one do what takes that role."""
    return isinstance(who, Role) and who.rank >= needed.rank


@dataclass
class Inhabited:
    """A server that people of every role come to."""

    server: WebServer
    context: object
    secrets: dict
    tokens: dict

    def subject(self, who):
        return f"subject-{str(who).replace(' ', '-')}"

    def browser(self, who):
        """A browser in which this one signed in."""
        if who is None:
            return Visitor(self.server)
        return Visitor(self.server, {"_streamlit_user": signed_cookie(self.subject(who), f"Person {who}")})

    def program(self, who):
        """A program with a token of this role; one without is somebody who guesses."""
        if who is None:
            return Visitor(self.server)
        if who not in self.secrets:
            # From an address of its own: who guesses has to wait after some guesses.
            return Visitor(self.server, headers={"Authorization": "Bearer flora_guessed"}, source="127.0.0.9")
        return Visitor(self.server, headers={"Authorization": f"Bearer {self.secrets[who]}"})

    def trail(self, who, kind, before=0, wanted=()):
        """What stands in the audit trail of this one after the first `before`, oldest first: (use case, result).

        What happens often is written a moment later; until one of the wanted stands there it is waited for.
        """
        end = time.monotonic() + 10
        while True:
            found = self._trail(who, kind)[before:]
            if not wanted or set(found) & set(wanted) or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def _trail(self, who, kind):
        of_browser = (ISSUER, self.subject(who)) if who is not None else ("", "")
        of_program = ("program", str(self.tokens[who])) if who in self.tokens else ("", "")
        mine = of_browser if kind == "browser" else of_program
        entries = self.context.audit.entries(most=100_000)
        return [(e.use_case, e.result) for e in reversed(entries) if (e.issuer, e.subject) == mine]


@pytest.fixture(scope="module")
def inhabited(first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inhabited") / "context"
    shutil.copytree(first_start, folder)
    context = open_context(settings_in(folder))
    context.database.prepare()
    secrets, tokens = {}, {}
    for role in Role:
        context.people.grant(ISSUER, f"subject-{role}", role, "a test", f"Person {role}")
        token, secrets[role] = context.tokens.create(f"Program {role}", frozenset({role}), "a test", 30)
        tokens[role] = token.id
    port = free_port()
    with WebServer(folder, port, signed_in_settings(port)) as server:
        server.wait_for("/readyz", 200)
        yield Inhabited(server, context, secrets, tokens)
    context.close()
