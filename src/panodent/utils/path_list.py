"""A sorted list of paths that keeps texts: a `Path` takes five times the memory of its text.

>>> files = PathList([Path("a.png"), Path("a", "b.png")])
>>> [file.as_posix() for file in files]
['a/b.png', 'a.png']
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import overload


class PathList(Sequence[Path]):
    """Paths as `sorted` puts them, each made when it is asked for; `texts` are those of all."""

    def __init__(self, paths: Iterable[Path | str] = ()) -> None:
        self.texts = [str(path) for path in paths]
        self.texts.sort(key=lambda name: os.path.normcase(name).replace(os.sep, "\0"))

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> list[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | list[Path]:
        if isinstance(index, slice):
            return [Path(text) for text in self.texts[index]]
        return Path(self.texts[index])

    def __len__(self) -> int:
        return len(self.texts)
