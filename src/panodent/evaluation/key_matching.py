"""Pairs names of radiographs that come from two places, such as a data folder and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from panodent.errors import DatasetError


def match(
    truth: list[str], found: list[str], what: tuple[str, str] = ("prediction", "predictions")
) -> tuple[dict[str, str], list[str]]:
    """Key of the ground truth -> key of its prediction, and a note on each pair made by file name.

    `truth` and `found` are the keys of both sides, `what` names one and several of `found` in
    messages. A pair has equal keys; else one key ends in the other; else their file names are
    equal. Raises `DatasetError` that names the candidates where this is ambiguous.

    >>> match(["a/1", "a/2"], ["images/a/1", "a/2"])[0]
    {'a/2': 'a/2', 'a/1': 'images/a/1'}
    """
    known = set(found)
    partners = {key: key for key in truth if key in known}
    notes: list[str] = []
    for by_name, alike in ((False, _ends_alike), (True, _same_name)):
        open_truth = [key for key in truth if key not in partners]
        open_found = sorted(known - set(partners.values()))
        candidates = _candidates(open_truth, open_found, alike)
        claims: dict[str, list[str]] = {}
        for key, others in candidates.items():
            for other in others:
                claims.setdefault(other, []).append(key)
        for key, others in candidates.items():
            rivals = sorted({name for other in others for name in claims[other]})
            if len(others) > 1 or len(rivals) > 1:
                raise DatasetError(
                    f"{what[1]} {' and '.join(map(repr, others))} could belong to "
                    f"{' and '.join(map(repr, rivals))} of the ground truth; give them equal paths"
                )
            partners[key] = others[0]
            if by_name:
                notes.append(f"{key} was paired with the {what[0]} {others[0]} only by file name")
    return partners, notes


def _candidates(
    truth: Iterable[str], found: Iterable[str], alike: Callable[[str, str], bool]
) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for other in found:
        by_name.setdefault(PurePosixPath(other).name, []).append(other)
    listed = {
        key: [other for other in by_name.get(PurePosixPath(key).name, []) if alike(key, other)]
        for key in truth
    }
    return {key: others for key, others in listed.items() if others}


def _ends_alike(first: str, second: str) -> bool:
    return f"/{first}".endswith(f"/{second}") or f"/{second}".endswith(f"/{first}")


def _same_name(first: str, second: str) -> bool:
    return PurePosixPath(first).name == PurePosixPath(second).name
