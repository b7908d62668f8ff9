"""Tokens: shown once, kept as a hash, ended at once."""

import pytest
from sqlalchemy import select, text

from flora_core.access import Role
from flora_core.errors import Unknown
from flora_core.storage.access.tokens import Tokens
from flora_core.storage.database import Database
from flora_core.storage.schema import tokens as table


@pytest.fixture
def database(database_url):
    opened = Database(database_url)
    opened.prepare()
    yield opened
    opened.close()


def test_a_token_opens_with_its_roles_and_nothing_else_does(database):
    tokens = Tokens(database)
    token, secret = tokens.create("import", frozenset({Role.BOTANIST, Role.VIEWER}), "Ada", 90)
    assert len(secret) >= 6 + 43  # 256 bits in base64
    assert tokens.opened_by(secret).roles == {Role.BOTANIST, Role.VIEWER}
    for wrong in ("", "flora_", secret[:-1], secret + "x", secret.upper(), "flora_" + "x" * 200):
        assert tokens.opened_by(wrong) is None
    assert tokens.get(token.id).last_used_at is not None


def test_the_database_does_not_hold_the_token(database):
    _, secret = Tokens(database).create("import", frozenset({Role.VIEWER}), "Ada", None)
    with database.read() as connection:
        row = connection.execute(select(table)).one()
    assert secret not in str(row)
    assert secret[6:] not in str(row)


def test_a_revoked_token_opens_nothing_also_where_it_was_just_believed(database):
    tokens = Tokens(database)
    token, secret = tokens.create("import", frozenset({Role.VIEWER}), "Ada", None)
    assert tokens.opened_by(secret) is not None
    tokens.revoke(token.id)
    assert tokens.opened_by(secret) is None
    with pytest.raises(Unknown):
        tokens.revoke(99)


def test_an_expired_token_opens_nothing(database):
    tokens = Tokens(database)
    _, secret = tokens.create("import", frozenset({Role.VIEWER}), "Ada", 1)
    with database.write() as connection:
        connection.execute(text("UPDATE tokens SET expires_at = '2020-01-01 00:00:00+00'"))
    assert Tokens(database).opened_by(secret) is None
