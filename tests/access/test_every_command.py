"""The command: every command with a token of every role, and with none that is known, does what the table of roles says."""

import shutil
import time

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from flora_core.access import ROLE_NEEDED, Role, UseCase
from flora_core.access.use_cases import READS
from flora_core.cli import app
from flora_core.errors import NotAllowed
from flora_core.workflows.context import open_context
from tests.access.conftest import may
from tests.conftest import settings_in

pytestmark = pytest.mark.slow

#: Of each command what it is, and words with which it ends soon where it may begin: mostly of a study that is not there.
COMMANDS = {
    "identify": (UseCase.IDENTIFY, "petal_length=1.4"),
    "identify --record": (UseCase.RECORD, "petal_length=1.4 --record"),
    "batch": (UseCase.UPLOAD_TABLE, "{folder}/t.csv -o {folder}/named-{who}.csv"),
    "determine": (UseCase.DETERMINE, "nowhere-1 setosa --by {name}"),
    "determine FILE": (UseCase.DETERMINE, "{folder}/d.csv"),
    "archive": (UseCase.EXPORT_ARCHIVE, "{folder}/archive-{who}.zip"),
    "studies list": (UseCase.READ_STUDIES, ""),
    "studies show": (UseCase.READ_STUDIES, "iris"),
    "studies create": (UseCase.MAKE_STUDY, "iris --from {folder}/t.csv"),
    "studies add": (UseCase.EXTEND_STUDY, "nowhere --from {folder}/t.csv"),
    "studies checklist": (UseCase.READ_STUDIES, "iris"),
    "studies checklist --from": (UseCase.EXTEND_STUDY, "nowhere --from {folder}/t.csv"),
    "train": (UseCase.TRAIN, "--study nowhere"),
    "models list": (UseCase.READ_MODELS, ""),
    "models show": (UseCase.READ_MODELS, "1"),
    "models leaderboard": (UseCase.READ_MODELS, "1"),
    "models runs": (UseCase.READ_MODELS, ""),
    "models runs --mlflow": (UseCase.EXPORT_MODEL, "--mlflow {folder}/runs-{who}"),
    "models verify": (UseCase.READ_MODELS, ""),
    "models history": (UseCase.READ_MODELS, ""),
    "models compare": (UseCase.COMPARE, "1 99"),
    "models promote": (UseCase.PROMOTE, "99 --why test"),
    "models rollback": (UseCase.ROLL_BACK, "--why test"),
    "models retire": (UseCase.RETIRE, "99 --why test"),
    "models watch": (UseCase.PROMOTE, "99 --why test"),
    "models unwatch": (UseCase.PROMOTE, ""),
    "models shadow": (UseCase.READ_MODELS, ""),
    "models export": (UseCase.EXPORT_MODEL, "1 -o {folder}/model-{who}.skops"),
    "models import": (UseCase.IMPORT_MODEL, "{folder}/t.csv"),
    "report": (UseCase.READ_MONITOR, "-o {folder}/report-{who}"),
    "retrain": (UseCase.TRAIN, "--study nowhere"),
    "watch": (UseCase.TRAIN, "--once"),
    "demo load": (UseCase.SIMULATE, ""),
    "demo remove": (UseCase.SIMULATE, ""),
    "monitor": (UseCase.READ_MONITOR, ""),
    "jobs list": (UseCase.READ_MODELS, ""),
    "jobs cancel": (UseCase.CANCEL_JOB, "99"),
    "profiles check": (UseCase.MAINTAIN, ""),
    "profiles rebuild": (UseCase.MAINTAIN, ""),
    "migrate": (UseCase.MAINTAIN, ""),
    "backup": (UseCase.BACK_UP, "{folder}/backup-{who}.zip"),
    "restore": (UseCase.BACK_UP, "{folder}/t.csv"),
    "move": (UseCase.BACK_UP, "sqlite:///{folder}/context/flora.db"),
    "people list": (UseCase.READ_PEOPLE, ""),
    "people grant": (UseCase.MANAGE_PEOPLE, "1 viewer --issuer https://login.example.org"),
    "people revoke": (UseCase.MANAGE_PEOPLE, "99 viewer"),
    "people erase": (UseCase.ERASE_PERSON, "Nobody-of-this-name"),
    "tokens create": (UseCase.MANAGE_TOKENS, "import --role viewer"),
    "tokens list": (UseCase.READ_PEOPLE, ""),
    "tokens revoke": (UseCase.MANAGE_TOKENS, "99"),
    "audit": (UseCase.READ_AUDIT, ""),
}
#: Commands that ask for nothing of this installation, or of nothing but the name of a study.
OF_FILES_ALONE = {"drift", "estimate", "serve"}
#: Use cases that are no command's.
NOT_A_COMMAND = {
    UseCase.READ_OWN_RECORDS: "the inbox is a page",
    UseCase.READ_RECORDS: "the plants behind a figure are a page",
    UseCase.DETERMINE_VERIFIED: "asked of each determination; see test_authorisation",
}


def leaves(command, path=()):
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield " ".join(path)


def of(line):
    """The command of a line above."""
    return " ".join(word for word in line.split() if not word.startswith("-") and not word.isupper())


def test_every_command_and_every_use_case_is_tried():
    assert {of(line) for line in COMMANDS} | OF_FILES_ALONE == set(leaves(get_command(app)))
    assert {asked for asked, _ in COMMANDS.values()} | set(NOT_A_COMMAND) == set(UseCase)


@pytest.fixture(scope="module")
def installation(first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    shutil.copytree(first_start, folder / "context")
    (folder / "t.csv").write_text("sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n")
    (folder / "d.csv").write_text("id,name\nnowhere-1,setosa\n")
    context = open_context(settings_in(folder / "context"))
    context.database.prepare()
    made = {role: context.tokens.create(f"Program {role}", frozenset({role}), "a test", 30) for role in Role}
    yield folder, context, made
    context.close()


@pytest.mark.parametrize("who", [None, *Role], ids=str)
@pytest.mark.parametrize("line", COMMANDS)
def test_a_token_may_what_the_table_says(installation, monkeypatch, line, who):
    folder, context, made = installation
    asked, words = COMMANDS[line]
    name = "nobody" if who is None else made[who][0].name
    for setting, value in (
        ("FLORA_DATABASE_URL", f"sqlite:///{folder}/context/flora.db"),
        ("FLORA_MODELS", f"{folder}/context/models"),
        ("FLORA_TOKEN", "flora_guessed" if who is None else made[who][1]),
    ):
        monkeypatch.setenv(setting, value)
    if line == "demo load" and may(who, ROLE_NEEDED[asked]):
        pytest.skip("a whole season; tests/workflows/demo loads it")
    before = len(context.audit.entries(most=100_000))
    arguments = [*of(line).split(), *words.replace("{folder}", str(folder)).replace("{who}", name[8:]).split()]
    arguments = [word.replace("{name}", name) for word in arguments]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code != 2, done.output
    allowed = may(who, ROLE_NEEDED[asked])
    assert isinstance(done.exception, NotAllowed) == (not allowed), (done.exception, done.output)
    end = time.monotonic() + 10
    while True:
        new = list(reversed(context.audit.entries(most=100_000)))[before:]
        # What happens often is written a moment later, together.
        if new or (allowed and asked in READS) or time.monotonic() > end:
            break
        time.sleep(0.05)
    assert all(entry.door == "command" for entry in new)
    results = [(entry.use_case, entry.result) for entry in new]
    if not allowed:
        assert (str(asked) if who else "enter", "refused") in results, results
        assert not [one for one in results if one[1] == "done"], results
    else:
        assert not [one for one in results if one[1] == "refused"], results
        assert asked in READS or str(asked) in [use_case for use_case, _ in results], results
