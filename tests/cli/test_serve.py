"""`panodent serve`; the service itself is tested in tests/serve."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the serve extra")

from panodent.cli import serve
from panodent.errors import ConfigError


def until_ready(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=60):  # noqa: S310
                return
        except (OSError, http.client.HTTPException):  # not listening yet, or status 503
            time.sleep(0.1)
    pytest.fail("the service is not ready after 60 s")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    store = tmp_path / "store"
    command = [sys.executable, "-m", "panodent", "serve", "--store", str(store), "--port", "0"]
    service = subprocess.Popen(
        [*command, "--workers", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert service.stdout is not None
    lines = [service.stdout.readline() for _ in range(3)]
    url = re.match(r"panodent is at (http://127\.0\.0\.1:\d+)/#token=(\S+) \(", lines[0])
    assert url is not None
    until_ready(f"{url[1]}/readyz")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{url[1]}/v1/info", timeout=60)  # noqa: S310
    name = {"Authorization": f"Bearer {url[2]}"}
    request = urllib.request.Request(f"{url[1]}/v1/info", headers=name)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200
    assert (store / "token").read_text().strip() == url[2]
    assert str(store / "token") in lines[2]
    assert lines[1].startswith(f"studies are stored in {store}; research use only")
    service.send_signal(signal.SIGTERM)
    _, errors = service.communicate(timeout=60)
    assert service.returncode == 0, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--port", "70000"), 2, "--port"),
        (("--host", "0.0.0.0"), 2, "connect without a token"),  # noqa: S104
        (("--token-file", "{tmp}/none"), 2, "cannot read the token"),
        (("--token-file", "{tmp}/empty"), 2, "is empty; expected a token"),
        (("--token-file", "{tmp}/weak"), 2, "has 6 characters, expected at least 16"),
        (("--token-file", "{tmp}/weak", "--no-token"), 2, "--no-token contradicts --token-file"),
        (("--label-studio", "ftp://x"), 2, "expected http"),
        (("--numbering", "fdii"), 2, "Did you mean 'fdi'?"),
        (("--root-path", "teeth"), 2, "expected a path such as /teeth"),
    ],
)
def test_faults(panodent, tmp_path: Path, options: tuple, code: int, message: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "weak").write_text("secret\n")
    given = (part.replace("{tmp}", str(tmp_path)) for part in options)
    found = panodent("serve", "--store", tmp_path / "store", "--workers", 1, *given)
    assert found.code == code, found.err
    assert message in found.err


def test_a_bundle_that_is_missing_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panodent", "serve", "--store", str(tmp_path / "store")]
    done = subprocess.run(
        [*command, "--port", "0", "--bundle", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no bundle there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_extra_is_named() -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from panodent.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "serving needs the package 'uvicorn'" in done.stderr
    assert "pip install 'panodent[serve]'" in done.stderr


def test_the_token_comes_from_the_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PANODENT_TOKEN", raising=False)
    assert serve._token(None) is None
    monkeypatch.setenv("PANODENT_TOKEN", " a-token-in-the-environment \n")
    assert serve._token(None) == "a-token-in-the-environment"
    with pytest.raises(ConfigError, match="--no-token contradicts PANODENT_TOKEN"):
        serve._token(None, True)
    (tmp_path / "token").write_text("a-token-in-a-file\n")
    assert serve._token(tmp_path / "token") == "a-token-in-a-file"
    monkeypatch.delenv("PANODENT_TOKEN")
    assert serve._token(None, True) is None


@pytest.mark.parametrize(
    ("host", "who"),
    [("127.0.0.1", "every user of this computer"), ("0.0.0.0", "everybody who reaches 0.0.0.0")],  # noqa: S104
)
def test_no_token_says_what_it_means(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
    who: str,
) -> None:
    monkeypatch.delenv("PANODENT_TOKEN", raising=False)
    monkeypatch.setattr(
        "panodent.serve.server.run", lambda settings, listener, *_: listener.close()
    )
    serve.serve(store=tmp_path / "store", host=host, port=0, no_token=True)
    shown = capsys.readouterr().out
    assert f"no token: {who} can read, change and delete all studies" in shown
    assert "#token" not in shown
    assert not (tmp_path / "store").exists()


LOCAL = {"localhost", "127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("host", "allowed", "controlled", "expected"),
    [
        ("127.0.0.1", [], False, LOCAL),
        ("localhost", ["Teeth.example"], False, LOCAL | {"teeth.example"}),
        ("192.0.2.1", [], True, None),
        ("192.0.2.1", ["teeth.example"], True, LOCAL | {"192.0.2.1", "teeth.example"}),
    ],
)
def test_hosts(host: str, allowed: list[str], controlled: bool, expected: set | None) -> None:
    assert serve._hosts(host, allowed, controlled) == expected


def test_other_computers_need_a_token() -> None:
    with pytest.raises(ConfigError, match="--token-file"):
        serve._hosts("192.0.2.1", ["teeth.example"], False)
