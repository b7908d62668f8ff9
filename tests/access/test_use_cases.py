"""The table of roles: what stands in docs/operations.md, and nothing besides."""

import pytest

from flora_core.access import NOBODY, ROLE_NEEDED, Principal, Role, UseCase, is_allowed, local_principal, refusal_text
from flora_core.access.principal import anonymous_principal, service_principal


def somebody(*roles):
    return Principal("248289761001", "https://login.example.org", "Ada Green", frozenset(roles))


def test_every_use_case_stands_in_the_table():
    assert set(ROLE_NEEDED) == set(UseCase)


@pytest.mark.parametrize("use_case", UseCase)
def test_nobody_may_nothing(use_case):
    assert not is_allowed(NOBODY, use_case)
    assert not is_allowed(somebody(), use_case)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("use_case", UseCase)
def test_a_role_may_what_it_needs_and_what_the_roles_before_it_may(role, use_case):
    assert is_allowed(somebody(role), use_case) == (list(Role).index(role) >= list(Role).index(ROLE_NEEDED[use_case]))


@pytest.mark.parametrize(
    ("use_case", "role"),
    [
        (UseCase.IDENTIFY, "viewer"),
        (UseCase.RECORD, "botanist"),
        (UseCase.DETERMINE, "botanist"),
        (UseCase.DETERMINE_VERIFIED, "curator"),
        (UseCase.EXPORT_ARCHIVE, "curator"),
        (UseCase.PROMOTE, "maintainer"),
        (UseCase.RETIRE, "maintainer"),
        (UseCase.CANCEL_JOB, "maintainer"),
        (UseCase.MANAGE_PEOPLE, "admin"),
    ],
)
def test_the_lowest_role_is_the_documented_one(use_case, role):
    assert ROLE_NEEDED[use_case] == role


def test_the_one_person_of_a_local_start_may_everything():
    assert all(is_allowed(local_principal(), use_case) for use_case in UseCase)


def test_a_service_trains_and_manages_nobody():
    service = service_principal("retrain")
    assert is_allowed(service, UseCase.PROMOTE)
    assert not is_allowed(service, UseCase.MANAGE_PEOPLE)


def test_a_refusal_says_who_may():
    assert refusal_text(somebody(Role.VIEWER), UseCase.RETIRE) == (
        "Ada Green is a viewer here; to retire takes the role of a maintainer. Ask an admin of this server."
    )
    assert refusal_text(somebody(), UseCase.RECORD).startswith("Ada Green is without a role here; to record")
    assert refusal_text(anonymous_principal(Role.VIEWER), UseCase.READ_AUDIT) == (
        "To read the audit trail, sign in or send a token; it takes the role of an admin."
    )
