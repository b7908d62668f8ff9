"""Every workflow asks the table of roles, and every attempt stands in the audit trail."""

import importlib
import inspect
import io
import pkgutil

import pytest

import flora_core.workflows as package
from flora_core.access import NOBODY, ROLE_NEEDED, Principal, Role, UseCase
from flora_core.access.principal import anonymous_principal, token_principal
from flora_core.access.use_cases import READS
from flora_core.errors import BadValues, NotAllowed, Unknown
from flora_core.workflows.authorisation import permitted, use_case
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine import determine
from flora_core.workflows.determine.inbox import at_random, inbox
from flora_core.workflows.determine.lookup import find_plants, recorded_plant
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import list_versions, retire
from tests.builders import typed_flower

#: Take a context and are no use case of a person, and why.
NOT_ASKED = {
    "ensure_champion": "the program itself, at its first start",
    "permitted": "asks",
    "found_batch": "asks whose table it is",
    "new_batch": "makes a place for a table, for those who have asked",
    "writing_within_room": "writes what was asked for",
    "upload_within_room": "writes what was asked for",
    "batch_queue": "the queue itself, which is told who asks",
    "unsettled_plants": "counts, for a page that has asked",
    "understand": "reads a table again, for those who have asked",
    "require": "asks",
    "require_or_within": "asks",
    "note_turned_away": "writes the audit trail",
    "owner_seen": "says whose records may be read",
    "note": "writes the audit trail",
    "run_job": "a job's own process; who asked for the job was asked",
    "principal_of_program": "finds out who asks",
    "principal_of_request": "finds out who asks",
    "principal_of_visitor": "finds out who asks",
    "local_visitor": "finds out who asks",
    "person_of": "finds out who asks",
}


TABLE = b"sepal length,sepal width,petal length,petal width\n5.1,3.5,1.4,0.2\n6.0,3.0,5.0,1.9\n"


def workflows():
    """Every public function of workflows whose first parameter is a context."""
    found = {}
    for module in pkgutil.walk_packages(package.__path__, "flora_core.workflows."):
        if module.name.endswith("mlflow_loader"):
            continue
        for name, function in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == module.name:
                first = next(iter(inspect.signature(function).parameters.values()), None)
                if first is not None and first.annotation in (AppContext, "AppContext"):
                    found[f"{module.name}.{name}"] = function
    return found


WORKFLOWS = workflows()


def somebody(*roles, name="Ada Green"):
    # A token's roles stand in the principal; those of a person are looked up.
    return token_principal(7, name, frozenset(roles))


def test_every_workflow_asks_the_table():
    silent = [name for name, f in WORKFLOWS.items() if not hasattr(f, "__use_case__")]
    assert sorted(name.rpartition(".")[2] for name in silent) == sorted(NOT_ASKED)


def test_there_are_workflows_for_what_the_table_tells_of():
    asked = {f.__use_case__ for f in WORKFLOWS.values() if hasattr(f, "__use_case__")}
    # Asked within others: by what is being determined.
    assert set(UseCase) - asked <= {UseCase.DETERMINE_VERIFIED}


@pytest.mark.parametrize("who", [None, *Role])
@pytest.mark.parametrize("name", [name for name, f in WORKFLOWS.items() if hasattr(f, "__use_case__")])
def test_only_what_the_table_says_gets_past_the_door(name, who, new_context):
    """Those who may not are refused before anything is looked at; the others get as far as the function's own arguments."""
    new_context.database.prepare()
    function = WORKFLOWS[name]
    asked = function.__use_case__
    principal = NOBODY if who is None else somebody(who)
    context = new_context.acting_as(principal, "api", "192.0.2.7")
    allowed = who is not None and who.rank >= ROLE_NEEDED[asked].rank
    with pytest.raises(TypeError if allowed else NotAllowed):
        function(context, no_such_argument=1)
    (entry,) = new_context.audit.entries() or [None] if not (allowed and asked in READS) else [None]
    if allowed and asked in READS:
        assert new_context.audit.entries() == ()
        return
    assert (entry.use_case, entry.result) == (str(asked), "failed" if allowed else "refused")
    assert (entry.issuer, entry.subject, entry.door, entry.address) == (
        principal.issuer,
        principal.subject,
        "api",
        "192.0.2.7",
    )


def test_what_a_use_case_does_on_its_way_is_part_of_it(context):
    @use_case(UseCase.IDENTIFY)
    def outer(context):
        return list_versions(context, "iris"), inner(context)

    @use_case(UseCase.RETIRE)
    def inner(context):
        return "done"

    viewer = context.acting_as(somebody(Role.VIEWER))
    assert outer(viewer)[1] == "done"
    with pytest.raises(NotAllowed):
        inner(viewer)


def test_who_signed_in_can_t_record_as_somebody_else(context):
    botanist = context.acting_as(somebody(Role.BOTANIST))
    found = identify(botanist, "iris", typed_flower())
    (recorded,) = record(botanist, [found], by="Carl Linnaeus", door="page")
    assert recorded.recording.by == "Ada Green"


def test_in_a_local_start_a_name_is_typed(context):
    found = identify(context, "iris", typed_flower())
    (recorded,) = record(context, [found], by="Carl Linnaeus", door="page")
    assert recorded.recording.by == "Carl Linnaeus"


def recorded_plant_of(context):
    found = identify(context, "iris", typed_flower())
    return record(context, [found], by="Ada Green", door="page")[0].id


def test_a_botanist_determines_as_themselves_and_up_to_comparison(context):
    plant = recorded_plant_of(context)
    botanist = context.acting_as(somebody(Role.BOTANIST))
    done = determine(botanist, "iris", plant, "setosa", by="")
    assert [(slip.by, slip.level, slip.entered_by) for slip in done.slips] == [("Ada Green", 1, "Ada Green")]
    with pytest.raises(BadValues, match="Level 2 takes the role of a curator"):
        determine(botanist, "iris", plant, "setosa", by="", level="2")
    with pytest.raises(BadValues, match="A botanist determines as themselves"):
        determine(botanist, "iris", plant, "setosa", by="Carl Linnaeus")
    assert len(context.determinations.of(plant)) == 1


def test_a_curator_enters_what_others_verified_and_is_named_for_it(context):
    plant = recorded_plant_of(context)
    curator = context.acting_as(somebody(Role.CURATOR, name="Mary Gray"))
    (slip,) = determine(curator, "iris", plant, "setosa", by="Carl Linnaeus", level="3").slips
    assert (slip.by, slip.level, slip.entered_by) == ("Carl Linnaeus", 3, "Mary Gray")


def test_a_role_of_a_person_is_looked_up_at_each_action(context):
    person = context.people.grant("https://login.example.org", "1", Role.MAINTAINER, "a test", "Ada Green")
    ada = context.acting_as(Principal("1", "https://login.example.org", "Ada Green", frozenset(Role)))
    with pytest.raises(Unknown):
        retire(ada, "iris", 99, by="", why="a test")
    context.people.revoke(person.id, Role.MAINTAINER)
    with pytest.raises(NotAllowed, match="without a role"):
        retire(ada, "iris", 99, by="", why="a test")
    results = [entry.result for entry in context.audit.entries()]
    assert results == ["refused", "Unknown"]


def test_an_error_is_kept_with_its_kind_and_success_as_done(context):
    with pytest.raises(ZeroDivisionError), permitted(context, UseCase.TRAIN, "iris"):
        raise ZeroDivisionError
    with permitted(context, UseCase.TRAIN, "iris"):
        pass
    assert [(e.result, e.object) for e in context.audit.entries()] == [("done", "iris"), ("failed", "iris")]


def test_an_anonymous_visitor_of_an_open_server_may_what_is_granted(context):
    visitor = context.acting_as(anonymous_principal(Role.VIEWER))
    found = identify(visitor, "iris", typed_flower())
    with pytest.raises(NotAllowed, match="sign in or send a token"):
        record(visitor, [found], by="Carl Linnaeus", door="page")


def test_a_botanist_reads_what_they_recorded_and_a_curator_all(context):
    ada, mary = (token_principal(n, name, frozenset({Role.BOTANIST})) for n, name in ((1, "Ada"), (2, "Mary")))
    plants = {}
    for who in (ada, mary):
        acting = context.acting_as(who)
        plants[who] = record(acting, [identify(acting, "iris", typed_flower())], by="", door="api")[0].id
    for who, other in ((ada, mary), (mary, ada)):
        acting = context.acting_as(who)
        assert recorded_plant(acting, plants[who]).id == plants[who]
        with pytest.raises(Unknown, match="There is no identification"):
            recorded_plant(acting, plants[other])
        assert not find_plants(acting, "iris", [plants[who]])[plants[who]].problem
        assert find_plants(acting, "iris", [plants[other]])[plants[other]].problem
        for seen in (inbox(acting, "iris"), at_random(acting, "iris")):
            assert [one.recorded.id for one in seen.waiting] == [plants[who]]
            assert seen.undetermined == 1
    curator = context.acting_as(somebody(Role.CURATOR))
    assert {recorded_plant(curator, plant).id for plant in plants.values()} == set(plants.values())
    assert {one.recorded.id for one in inbox(curator, "iris").waiting} == set(plants.values())


def test_what_a_table_recorded_is_its_sender_s(context):
    botanist = context.acting_as(somebody(Role.BOTANIST))
    understood = plan_batch(botanist, io.BytesIO(TABLE), BatchRequest("iris", "t.csv"))
    run_batch(botanist, io.BytesIO(TABLE), understood, door="api", record=True, by="")
    assert len(inbox(botanist, "iris").waiting) == 2
    assert inbox(context.acting_as(token_principal(8, "Mary", frozenset({Role.BOTANIST}))), "iris").waiting == ()


def test_a_refused_verification_is_kept(context):
    plant = recorded_plant_of(context)
    botanist = context.acting_as(somebody(Role.BOTANIST))
    for more in ({"by": "", "level": "2"}, {"by": "Carl Linnaeus"}):
        with pytest.raises(BadValues):
            determine(botanist, "iris", plant, "setosa", **more)
    refused = [entry for entry in context.audit.entries() if entry.result == "refused"]
    assert [(entry.use_case, entry.object) for entry in refused] == [
        (str(UseCase.DETERMINE_VERIFIED), plant),
        (str(UseCase.DETERMINE_VERIFIED), plant),
    ]


def test_a_visitor_of_an_open_server_signs_as_they_type_and_verifies_nothing(context):
    visitor = context.acting_as(anonymous_principal(Role.BOTANIST, "192.0.2.7"))
    (recorded,) = record(visitor, [identify(visitor, "iris", typed_flower())], by="Ada Green", door="page")
    assert recorded.recording.by == "Ada Green"
    # An address is another's tomorrow: what was recorded from it is nobody's to read again.
    with pytest.raises(Unknown):
        recorded_plant(visitor, recorded.id)
    (slip,) = determine(visitor, "iris", recorded.id, "setosa", by="Ada Green").slips
    assert (slip.by, slip.level) == ("Ada Green", 1)
    with pytest.raises(BadValues, match="takes the role of a curator"):
        determine(visitor, "iris", recorded.id, "setosa", by="Ada Green", level="3")
