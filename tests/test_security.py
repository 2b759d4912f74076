"""Promises of SECURITY.md that no other test checks."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from panodent.cli import app

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "panodent"
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "torch"}
UNSAFE_CALLS = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "load_model", "os.system"}


def test_what_the_table_names_exists() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) > 5
    for row in rows:
        _, _, modules, tests, _ = row.split("|")
        for path in re.findall(r"`([^`]+)`", modules):
            assert (SOURCE / path).exists(), path
        paths = re.findall(r"`([^`]+)`", tests)
        assert paths, row
        for path in paths:
            assert (ROOT / path).exists(), path


def unsafe(tree: ast.AST) -> Iterator[str]:
    """What in this code could run a program that a file holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from {alias.name.partition(".")[0] for alias in node.names} & UNSAFE_MODULES
        elif isinstance(node, ast.ImportFrom):
            yield from {(node.module or "").partition(".")[0]} & UNSAFE_MODULES
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in UNSAFE_CALLS or name.rpartition(".")[2] in UNSAFE_CALLS - {"eval", "exec"}:
                yield name
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if name == "np.load" and keywords.get("allow_pickle") != "False":
                yield "np.load without allow_pickle=False"
            if keywords.get("shell", "False") != "False":
                yield "shell"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import pickle", ["pickle"]),
        ("from marshal import loads", ["marshal"]),
        ("keras.models.load_model(file)", ["keras.models.load_model"]),
        ("yaml.load(text)", ["yaml.load"]),
        ("np.load(file)", ["np.load without allow_pickle=False"]),
        ("np.load(file, allow_pickle=False)", []),
        ("run(text, shell=True)", ["shell"]),
        ("yaml.safe_load(text); model.eval()", []),
    ],
)
def test_unsafe_loading_is_recognised(code: str, found: list[str]) -> None:
    assert list(unsafe(ast.parse(code))) == found


def test_no_file_makes_panodent_run_code() -> None:
    found = {
        f"{file.relative_to(SOURCE)}: {what}"
        for file in SOURCE.rglob("*.py")
        for what in unsafe(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert not found


def test_external_data_of_a_network_is_not_read(tmp_path: Path, monkeypatch) -> None:
    """An ONNX file may name other files as its weights; a bundle's network may not."""
    onnx = pytest.importorskip("onnx")
    import numpy as np
    import onnxruntime

    np.ones(4, np.float32).tofile(tmp_path / "other.bin")
    monkeypatch.chdir(tmp_path)
    weights = onnx.numpy_helper.from_array(np.ones(4, np.float32), "w")
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["x", "w"], ["y"])],
        "g",
        [tensor("x", onnx.TensorProto.FLOAT, [4])],
        [tensor("y", onnx.TensorProto.FLOAT, [4])],
        [weights],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4

    def opened() -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    assert opened().run(None, {"x": np.zeros(4, np.float32)})[0].tolist() == [1, 1, 1, 1]
    stored = model.graph.initializer[0]
    stored.ClearField("raw_data")
    stored.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "other.bin"), ("offset", "0"), ("length", "16")):
        stored.external_data.add(key=key, value=value)
    with pytest.raises(Exception, match=r"(?i)external|model_path"):
        opened()


@pytest.mark.parametrize("command", ["serve", "dicom-node"])
def test_loopback_is_the_default(command: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    (host,) = (item for item in commands[command].params if item.name == "host")
    assert host.default == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "package", "remedy"),
    [
        (("serve", "--store", "{tmp}/store"), "uvicorn", "--token-file"),
        (
            ("dicom-node", "--forward", "PACS@127.0.0.1:4", "--spool", "{tmp}/spool"),
            "pynetdicom",
            "--allow",
        ),
    ],
)
def test_another_address_requires_a_token_or_names(
    tmp_path: Path, monkeypatch, arguments: tuple[str, ...], package: str, remedy: str
) -> None:
    pytest.importorskip(package)
    monkeypatch.delenv("PANODENT_TOKEN", raising=False)
    words = [word.format(tmp=tmp_path) for word in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "panodent", *words, "--host", "0.0.0.0", "--port", "0"],  # noqa: S104
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert remedy in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_spool_is_for_the_user_alone(tmp_path: Path) -> None:
    from panodent.dicom_node.spool import open_spool

    spool = open_spool(tmp_path / "spool")
    try:
        assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    finally:
        spool.close()


def test_the_runtime_keeps_no_telemetry(tmp_path: Path) -> None:
    """ONNX Runtime would leave the id of the computer and events to report in the cache folder."""
    code = "from panodent.bundle.bundle import load; load().open(); import time; time.sleep(0.5)"
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = {key: value for key, value in os.environ.items() if "TELEMETRY" not in key}
    subprocess.run([sys.executable, "-c", code], check=True, env={**environment, **places})
    assert not list(tmp_path.rglob("*"))
