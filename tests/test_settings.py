from pathlib import Path

import pytest

from flora_core.errors import WrongSetting
from flora_core.settings import Settings, read_settings

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_defaults_need_no_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_settings()
    assert settings.database_url == "sqlite:///data/flora.db"
    assert settings.models == Path("models")
    assert settings.api_keys_by_name() == {}


def test_a_line_of_dotenv_is_a_setting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("FLORA_MODELS=/srv/models\n")
    assert read_settings().models == Path("/srv/models")


@pytest.mark.parametrize("given", ["postgres://u:p@h/d", "postgresql://u:p@h/d"])
def test_a_postgres_url_is_taken_as_people_write_it(monkeypatch, given):
    monkeypatch.setenv("FLORA_DATABASE_URL", given)
    assert read_settings().database_url == "postgresql+psycopg://u:p@h/d"


def test_a_mistyped_setting_is_refused_with_the_one_that_was_meant(monkeypatch):
    monkeypatch.setenv("FLORA_DATABSE_URL", "sqlite:///x.db")
    with pytest.raises(WrongSetting, match=r"FLORA_DATABSE_URL is not a setting. Did you mean FLORA_DATABASE_URL\?"):
        read_settings()


def test_an_unusable_database_url_is_refused_without_repeating_its_password(monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", "mysql://u:secret@h/d")
    with pytest.raises(WrongSetting, match="must begin with sqlite:/// or postgresql://") as refused:
        read_settings()
    assert "secret" not in str(refused.value)


def test_api_keys_have_owners(monkeypatch):
    monkeypatch.setenv("FLORA_API_KEYS", "herbarium:0123456789abcdef, field:fedcba9876543210")
    assert read_settings().api_keys_by_name() == {"herbarium": "0123456789abcdef", "field": "fedcba9876543210"}


@pytest.mark.parametrize("keys", ["0123456789abcdef", "herbarium:short"])
def test_a_key_without_an_owner_or_too_short_is_refused_unseen(monkeypatch, keys):
    monkeypatch.setenv("FLORA_API_KEYS", keys)
    with pytest.raises(WrongSetting, match="name:key") as refused:
        read_settings()
    assert keys.rpartition(":")[2] not in str(refused.value)


def test_every_setting_is_described_for_operators():
    text = (DOCS / "operations.md").read_text()
    for name in Settings.model_fields:
        assert f"FLORA_{name.upper()}" in text
