"""The files of compose.yaml and deploy/ are what the programs that read them take, and say of the program what it knows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flora_core.settings import Settings
from tests.conftest import missing
from tests.servers import ROOT

COMPOSE, KUBERNETES = ROOT / "compose.yaml", ROOT / "deploy" / "kubernetes.yaml"


def compose_problems(path):
    """What the schema of the Compose specification says against a file."""
    try:
        import check_jsonschema  # noqa: F401
    except ImportError:
        missing("check-jsonschema", "pip install -r requirements-dev.txt")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def kubernetes_problems(path):
    """What the schemas of Kubernetes say against each object of a file; a field they do not know is one."""
    try:
        import kubernetes_validate
    except ImportError:
        missing("kubernetes-validate", "pip install -r requirements-dev.txt")
        raise AssertionError from None
    found = []
    for item in yaml.safe_load(Path(path).read_text())["items"]:
        try:
            kubernetes_validate.validate(item, "1.30", strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{item['kind']}: {error.message}")
    return found


def test_compose_takes_its_file_and_not_a_broken_one(tmp_path):
    assert compose_problems(COMPOSE) == ""
    broken = tmp_path / "compose.yaml"
    broken.write_text(COMPOSE.read_text().replace("restart: unless-stopped", "restarts: unless-stopped", 1))
    assert "restarts" in compose_problems(broken)


def test_kubernetes_takes_its_file_and_not_a_broken_one(tmp_path):
    assert kubernetes_problems(KUBERNETES) == []
    broken = tmp_path / "kubernetes.yaml"
    broken.write_text(KUBERNETES.read_text().replace("replicas: 2", "replica: 2"))
    assert any("replica" in problem for problem in kubernetes_problems(broken))


def environments():
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    yield from (
        (f"compose: {name}", one["environment"]) for name, one in services.items() if one.get("image") == "flora"
    )
    for item in yaml.safe_load(KUBERNETES.read_text())["items"]:
        for env in re.findall(r"'env': (\[.*?\}\])", str(item)):
            yield f"kubernetes: {item['kind']}", dict.fromkeys(re.findall(r"'name': '([A-Z_]+)'", env))


def test_every_setting_they_name_is_one():
    known = {f"FLORA_{name.upper()}" for name in Settings.model_fields}
    seen = list(environments())
    assert len(seen) >= 4
    for where, environment in seen:
        named = {name for name in environment if name.startswith("FLORA_")}
        assert named <= known, where
        assert {"FLORA_DATABASE_URL", "FLORA_MODELS", "FLORA_RESULTS", "FLORA_COOKIE_SECRET"} <= named, where


def test_caddy_takes_its_file(tmp_path):
    program = shutil.which("caddy")
    if program is None:
        missing("Caddy", "apt-get install caddy")
    words = ["validate", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
    environment = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run([program, *words], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [COMPOSE, KUBERNETES, ROOT / "deploy" / "Caddyfile"])
def test_no_secret_stands_in_them(path):
    assert not re.search(r"(password|secret|key)\s*[:=]\s*[A-Za-z0-9+/]{12,}\s*$", path.read_text(), re.I | re.M)
