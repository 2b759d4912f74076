"""The environment comes before the settings file, and a damaged file is as none."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.training.backend_name import backend_name


@pytest.mark.parametrize(
    ("variable", "settings", "expected"),
    [
        ("jax", '{"backend": "torch"}', "jax"),
        ("", '{"backend": "torch"}', "torch"),
        ("", '{"floatx": "float32"}', "tensorflow"),
        ("", '["torch"]', "tensorflow"),
        ("", "{", "tensorflow"),
        ("", None, "tensorflow"),
    ],
)
def test_it_is_of_the_environment_or_the_settings(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    settings: str | None,
    expected: str,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", variable)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if settings is not None:
        (tmp_path / "keras.json").write_text(settings)
    assert backend_name() == expected
