"""The API: of every route, every role and nobody, with a token and with a sign-in, get what the table of roles says."""

import time

import pytest

from flora_core.access import ROLE_NEEDED, Role, UseCase
from flora_core.access.use_cases import READS
from flora_core.api.application import create_api
from tests.access.conftest import EVERYBODY, may

pytestmark = pytest.mark.slow

PLANT = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
TABLE = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n"

#: Of each route what it is asked, and which use case that is.
REQUESTS = (
    (UseCase.IDENTIFY, "post", "/v1/identify", {"rows": [PLANT]}),
    (UseCase.RECORD, "post", "/v1/identify", {"rows": [PLANT], "record": True, "by": "Carl Linnaeus"}),
    (UseCase.UPLOAD_TABLE, "post", "/v1/batch", TABLE),
    (UseCase.DETERMINE, "post", "/v1/determinations", {"rows": [{"id": "", "name": "setosa", "level": 1}]}),
    (UseCase.DETERMINE_VERIFIED, "post", "/v1/determinations", {"rows": [{"id": "", "name": "setosa", "level": 3}]}),
    (UseCase.READ_MONITOR, "get", "/v1/monitor", None),
)
#: What belongs to who sent the table, and is unknown to everybody else, whatever their role.
BY_OWNER = tuple(("get", f"/v1/batch/{{id}}{kind}") for kind in ("", "/result", "/issues", "/parquet", "/darwin-core"))
#: What only pages and commands do.
NOT_IN_THE_API = set(UseCase) - {asked for asked, *_ in REQUESTS}


def test_every_route_is_asked():
    """A route that is added without a line above fails here, and a use case that is added stands in one of the lists."""
    paths = create_api(None).openapi()["paths"]
    routes = {(verb, path) for path, verbs in paths.items() for verb in verbs}
    assert routes == {(verb, path) for _, verb, path, _ in REQUESTS} | set(BY_OWNER)
    words = {"identify", "record", "upload", "determine"}
    assert not [one for one in NOT_IN_THE_API if str(one).split()[0] in words]


@pytest.fixture(scope="module")
def plant(inhabited):
    """A recorded plant that can be determined."""
    _, answer = inhabited.program(Role.CURATOR).json("POST", "/api/v1/identify", {"rows": [PLANT], "record": True})
    return answer["rows"][0]["id"]


@pytest.mark.parametrize("kind", ["browser", "program"])
@pytest.mark.parametrize("who", EVERYBODY, ids=str)
def test_everybody_gets_what_the_table_says(inhabited, plant, who, kind):
    visitor = getattr(inhabited, kind)(who)
    for number, (asked, verb, path, body) in enumerate(REQUESTS):
        before = len(inhabited.trail(who, kind))
        if isinstance(body, bytes):
            status, _ = visitor.ask(verb.upper(), f"/api{path}", body, Content_Type="text/csv")
        else:
            if path.endswith("determinations"):
                # The same word of the same person is kept once; each attempt says another.
                body = {"rows": [{**body["rows"][0], "id": plant, "remark": f"{who} {kind} {number}"}]}
            status, answer = visitor.json(verb.upper(), f"/api{path}", body)
            if verb == "post" and path.endswith("identify") and status == 200 and asked is UseCase.RECORD:
                assert answer["rows"][0]["id"]
        allowed = may(who, ROLE_NEEDED[asked])
        # Who may determine, and not verify, is told so of the row.
        verifying = asked is UseCase.DETERMINE_VERIFIED and may(who, Role.BOTANIST)
        refused = (422,) if verifying else (401, 403, 429) if not isinstance(who, Role) else (403,)
        assert status in ((200, 202) if allowed else refused), (who, asked, status)
        if allowed:
            # Of reading and identifying only refusals are kept; a table is worked on when its turn comes.
            wanted = () if asked in READS or asked is UseCase.UPLOAD_TABLE else {(str(asked), "done")}
            new = inhabited.trail(who, kind, before, wanted)
            assert all(result == "done" for _, result in new), (who, asked, new)
            assert not wanted or wanted & set(new), (who, asked, new)
        else:
            # Who may not even determine is refused that.
            before_it = {UseCase.DETERMINE_VERIFIED: UseCase.DETERMINE, UseCase.RECORD: UseCase.IDENTIFY}
            wanted = {(str(word), "refused") for word in ("enter", asked, before_it.get(asked, asked))}
            new = inhabited.trail(who, kind, before, wanted)
            assert wanted & set(new), (who, asked, new)
            assert not any(result == "done" for _, result in new if not verifying), (who, asked, new)


@pytest.mark.parametrize("kind", ["browser", "program"])
def test_a_table_is_its_sender_s(inhabited, kind):
    _, answer = getattr(inhabited, kind)(Role.BOTANIST).ask("POST", "/api/v1/batch", TABLE, Content_Type="text/csv")
    sent = answer.decode().split('"id":"')[1].split('"')[0]
    end = time.monotonic() + 120
    while inhabited.program(Role.ADMIN).json("GET", f"/api/v1/batch/{sent}")[1].get("state") != "done":
        assert time.monotonic() < end
        time.sleep(0.1)
    for who in EVERYBODY:
        visitor = getattr(inhabited, kind)(who)
        for _, path in BY_OWNER[:3]:
            status, _ = visitor.ask("GET", f"/api{path}".replace("{id}", sent))
            its = who is Role.BOTANIST or may(who, Role.MAINTAINER)
            wanted = (200,) if its else (404,) if may(who, Role.BOTANIST) else (401, 403, 429)
            assert status in wanted, (who, path, status)
            if not its:
                assert inhabited.trail(who, kind, 0)[-1][1] == "refused"
            assert visitor.ask("GET", f"/api{path}".replace("{id}", "2" * 20))[0] in (404, 401, 403, 429)
