"""People by issuer and subject; roles that count at once."""

from datetime import UTC, datetime, timedelta

import pytest

from flora_core.access import Role
from flora_core.errors import Conflict, Unknown
from flora_core.storage.access.people import People
from flora_core.storage.database import Database

ISSUER = "https://login.example.org"


@pytest.fixture
def people(database_url):
    opened = Database(database_url)
    opened.prepare()
    yield People(opened)
    opened.close()


def test_two_issuers_subjects_are_two_people(people):
    people.grant(ISSUER, "1", Role.ADMIN, "a test")
    assert people.find("https://elsewhere.example", "1") is None
    assert people.find(ISSUER, "1").roles == {Role.ADMIN}


def test_a_role_is_given_once_and_taken_once(people):
    person = people.grant(ISSUER, "1", Role.VIEWER, "a test", "Ada")
    with pytest.raises(Conflict, match="^Ada has the role of viewer already"):
        people.grant(ISSUER, "1", Role.VIEWER, "a test", "Ada")
    with pytest.raises(Conflict, match="^1 has the role of viewer already"):
        people.grant(ISSUER, "1", Role.VIEWER, "a test")
    assert people.revoke(person.id, Role.VIEWER).roles == frozenset()
    with pytest.raises(Unknown, match="Ada does not have the role of viewer"):
        people.revoke(person.id, Role.VIEWER)


def test_groups_give_and_take_their_own_roles_only(people):
    people.grant(ISSUER, "1", Role.CURATOR, "an admin", "Ada")
    assert people.signed_in(ISSUER, "1", "Ada", frozenset({Role.BOTANIST})).roles == {Role.BOTANIST, Role.CURATOR}
    assert people.signed_in(ISSUER, "1", "Ada Green").roles == {Role.CURATOR}
    assert people.find(ISSUER, "1").name == "Ada Green"


def test_a_role_that_was_taken_away_here_is_gone_at_once(people):
    person = people.grant(ISSUER, "1", Role.ADMIN, "a test")
    assert people.find_cached(ISSUER, "1").roles
    people.revoke(person.id, Role.ADMIN)
    assert not people.find_cached(ISSUER, "1").roles


def test_signing_out_is_remembered(people):
    people.signed_in(ISSUER, "1", "Ada")
    before = datetime.now(UTC)
    people.signed_out(ISSUER, "1")
    assert before - timedelta(seconds=1) <= people.find(ISSUER, "1").signed_out_at


def test_the_name_of_a_local_start_is_remembered(people):
    assert people.local_name("local", "ada") == ""
    people.remember_name("local", "ada", "Ada Green")
    assert people.local_name("local", "ada") == "Ada Green"
