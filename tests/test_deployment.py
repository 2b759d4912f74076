"""The files that run the service: Dockerfile, compose file, systemd unit and nginx server."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from panodent.cli import app

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"

pytestmark = pytest.mark.skipif(
    not PACKAGING.exists(), reason="a source distribution has no packaging files"
)


def accepted(words: list[str]) -> None:
    """Fails if `panodent WORDS` has an option that there is not, or lacks one; runs nothing."""
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    command.make_context(words[0], list(words[1:]))


def instructions() -> list[tuple[str, str]]:
    """(instruction, value) of the Dockerfile, all build stages after one another."""
    parse = pytest.importorskip("dockerfile_parse", reason="needs dockerfile-parse")
    parser = parse.DockerfileParser(str(PACKAGING / "docker" / "Dockerfile"))
    return [
        (one["instruction"], one["value"])
        for one in parser.structure
        if one["instruction"] != "COMMENT"
    ]


def test_the_image_is_slim_and_its_user_is_not_root() -> None:
    found = instructions()
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    assert {name for name, _ in found} <= known | {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    bases = [value.partition(" AS ")[0] for name, value in found if name == "FROM"]
    assert set(bases) == {"debian:trixie-slim", "python"}
    names = [name for name, _ in found]
    last = names[len(names) - 1 - names[::-1].index("FROM") :]
    assert last.index("USER") < last.index("ENTRYPOINT")
    (user,) = (value for name, value in found if name == "USER")
    assert int(user) > 0
    (check,) = (value for name, value in found if name == "HEALTHCHECK")
    assert "/healthz" in check


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    kept = (PACKAGING / "docker" / "Dockerfile.dockerignore").read_text().split()
    for name, value in instructions():
        if name == "COPY" and not value.startswith("--from"):
            for source in value.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source.removeprefix('./')}" in kept
    (command,) = (value for name, value in instructions() if name == "CMD")
    accepted(yaml.safe_load(command))


def test_the_image_installs_extras_that_there_are() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for file in (PACKAGING / "docker" / "Dockerfile", ROOT / "docs/how-to/containers-systemd.md"):
        for names in re.findall(r"\.\[([\w,]+)\]", file.read_text()):
            assert set(names.split(",")) <= set(extras)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load((PACKAGING / "docker" / "compose.yaml").read_text())
    assert set(found["services"]) == {"panodent", "database", "dicom-node", "orthanc"}
    return dict(found)


def test_services_of_ours_write_nowhere_but_to_their_volumes(compose: dict[str, Any]) -> None:
    for name in ("panodent", "dicom-node"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["tmpfs"] == ["/tmp"]  # noqa: S108
        accepted([str(word) for word in service["command"]])
        context = (PACKAGING / "docker" / service["build"]["context"]).resolve()
        assert (context / service["build"]["dockerfile"]).exists()


def test_the_compose_file_is_consistent(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["restart"] == "unless-stopped"
        for volume in service["volumes"]:
            assert volume.split(":")[0] in compose["volumes"]
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
        for other in service.get("depends_on", {}):
            assert "healthcheck" in compose["services"][other]
    url = compose["services"]["panodent"]["environment"]["PANODENT_DATABASE"]
    assert "@database/panodent" in url
    # Secrets come from outside: none is in the file, and none has a default.
    secrets = re.findall(r"\$\{(\w+)([^}]*)\}", yaml.safe_dump(compose))
    assert {name for name, _ in secrets} == {
        "PANODENT_TOKEN", "POSTGRES_PASSWORD", "ORTHANC_PASSWORD",
    }  # fmt: skip
    assert all(rest.startswith(":?") for _, rest in secrets)


def test_the_unit_starts_a_command_that_there_is(tmp_path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    file = PACKAGING / "systemd" / "panodent.service"
    unit.read(file)
    service = unit["Service"]
    words = shlex.split(service["ExecStart"])
    assert words[0] == "/opt/panodent/bin/panodent"
    accepted(words[1:])
    assert service["User"] == "panodent"
    assert service["ProtectSystem"] == "strict"
    assert words[words.index("--store") + 1] == f"/var/lib/{service['StateDirectory']}"
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed")
    there = file.read_text().replace(words[0], "/bin/true").replace("User=panodent", "User=root")
    (tmp_path / file.name).write_text(there.replace("Group=panodent", "Group=root"))
    done = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / file.name], capture_output=True, text=True
    )
    assert "panodent" not in done.stderr, done.stderr


def test_the_guide_has_the_lines_of_the_nginx_server() -> None:
    server = (PACKAGING / "nginx" / "panodent.conf").read_text()
    guide = (ROOT / "docs/how-to/reverse-proxy.md").read_text()
    block = re.search(r"```nginx\n(location / \{.*?\})\n```", guide, re.S)
    assert block is not None
    for line in block[1].splitlines()[1:-1]:
        assert line.strip() in server
    assert server.count("{") == server.count("}")
    if (nginx := shutil.which("nginx")) is not None:
        body = re.sub(r"\n    ssl_certificate[^\n]*", "", server).replace("443 ssl", "443")
        config = f"events {{}} http {{ {body} }}"
        done = subprocess.run(
            [nginx, "-t", "-c", "/dev/stdin"], input=config, capture_output=True, text=True
        )
        assert "syntax is ok" in done.stderr, done.stderr
