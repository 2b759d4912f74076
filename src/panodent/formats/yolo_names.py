"""The class names of a YOLO data folder: a YAML file, or a list with a name on each line.

Tools and versions differ in where names are: `names` of `data.yaml`, as a list, a map or the path
of a list; `classes.txt` of LabelImg and Label Studio; `obj.names` and `obj.data` of Darknet and
CVAT.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     size = Path(folder, "classes.txt").write_text("11\\n12\\n\\n")
...     file, names = class_names(Path(folder))
...     file.name, names
('classes.txt', {0: '11', 1: '12'})
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.json_record import is_whole
from panodent.formats.parsing.json_stream import ends_early
from panodent.formats.parsing.text_encoding import read_text

FILES = ("data.yaml", "dataset.yaml")
LISTS = ("classes.txt", "obj.names", "labels.txt", "predefined_classes.txt", "_darknet.labels")
"""Files with a class name on each line, in the order in which they are tried."""
_FOLDERS = ("labels", "train", "images", "obj_train_data")
_MOST = 100_000


def class_names(path: Path) -> tuple[Path, dict[int, str]]:
    """The file that names the classes of a data folder, and the names by class number.

    `path` may also be that file. Raises `AnnotationError` if there is none, or if it has no names;
    `CutOffError` if the file ends in the middle.
    """
    fault: AnnotationError | None = None
    for file in _candidates(path):
        try:
            return file, _names(file)
        except AnnotationError as error:
            fault = fault or error
    if fault is not None:
        raise fault
    raise AnnotationError(
        f"{path}: expected {' or '.join(FILES)}, one other YAML file with names, or {LISTS[0]} "
        "with the name of a class on each line"
    )


def contradiction(path: Path, file: Path, names: Mapping[int, str]) -> str:
    """What another file of the data folder says of the classes that `file` names; empty if nothing.

    >>> contradiction(Path("data.yaml"), Path("data.yaml"), {0: "11"})
    ''
    """
    for other in _candidates(path):
        try:
            found = {} if other == file else _names(other)
        except AnnotationError:
            continue
        odd = next((n for n in names if found.get(n, names[n]) != names[n]), None)
        if odd is not None:
            return (
                f"class {odd} is {excerpt(names[odd])}, but {excerpt(found[odd])} in {other.name}; "
                f"{file.name} counts: remove the file that is wrong"
            )
    return ""


class CutOffError(AnnotationError):
    """A file of class names ends in the middle."""


def check_complete(file: Path, names: Collection[int], used: Collection[int]) -> None:
    """Raises `AnnotationError` if labels use several classes after the last one that is named.

    The file of the names was cut off then, or belongs to other labels. A single such class is
    rather a mistake in the labels, and costs these only.

    >>> check_complete(Path("data.yaml"), range(8), {0, 7, 31})
    """
    after = sorted(number for number in used if number > max(names))
    if len(after) > 1:
        raise AnnotationError(
            f"{file}: names classes up to {max(names)}, but labels use {len(after)} after it, the "
            f"first is {after[0]}; the file may be cut off: copy or export it again, or add names"
        )


def _candidates(path: Path) -> Iterator[Path]:
    """The files that may name the classes, the most likely first."""
    if not path.is_dir():
        if _is_yaml(path) or (path.is_file() and path.name in LISTS):
            yield path
        return
    files = [path / name for name in FILES if (path / name).is_file()]
    others = sorted(file for file in path.iterdir() if _is_yaml(file) and file not in files)
    if not files and len(others) > 1:
        others = [file for file in others if _has_names(file)]
    yield from files or (others if len(others) == 1 else [])
    yield from sorted(file for file in path.glob("*.data") if file.is_file())
    for folder in (path, *(path / name for name in _FOLDERS)):
        yield from (folder / name for name in LISTS if (folder / name).is_file())


def _has_names(file: Path) -> bool:
    try:
        return bool(_names(file))
    except AnnotationError:
        return False


def _is_yaml(file: Path) -> bool:
    return file.suffix.lower() in (".yaml", ".yml") and file.is_file()


def _names(file: Path) -> dict[int, str]:
    if _is_yaml(file):
        names = _loaded(file)
        return _of_list(_beside(file, names)) if isinstance(names, str) else _checked(names, file)
    if file.suffix == ".data":
        found = re.search(r"^\s*names\s*=\s*(\S.*?)\s*$", read_text(file), re.MULTILINE)
        if found is None:
            raise AnnotationError(f"{file}: expected a line names = FILE")
        return _of_list(_beside(file, found[1]))
    return _of_list(file)


def _beside(file: Path, name: str) -> Path:
    """The list of names that a file names, which must lie beside it or below."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    for start in range(len(parts)):
        found = file.parent.joinpath(*parts[start:])
        if ".." not in parts[start:] and found.is_file():
            return found
    raise AnnotationError(
        f"{file}: names is {excerpt(name)}; expected names, a list or map of the classes, or a "
        "file of them beside it"
    )


def _of_list(file: Path) -> dict[int, str]:
    """The names on the lines of a file; empty lines name nothing."""
    lines = [line.strip() for line in read_text(file).splitlines()]
    found = {number: line for number, line in enumerate(lines[:_MOST]) if line}
    if not found:
        raise AnnotationError(f"{file}: is empty; expected the name of a class on each line")
    return found


def _loaded(file: Path) -> Any:
    """`names` of a YAML file."""
    import yaml

    text = read_text(file)
    try:
        data = yaml.safe_load(text)
    # PyYAML raises these for tags that do not fit their text, and for deep nesting.
    except (
        *(yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError),
        *(OverflowError, RecursionError),
    ) as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None and not text[mark.index :].strip("\0 \r\n"):
            reason = ends_early(len(text.encode("utf-8", "replace")), f"in line {mark.line + 1}")
            raise CutOffError(f"{file}: {reason}") from None
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AnnotationError(f"{file}: is not YAML ({reason})") from None
    if not isinstance(data, dict):
        return None
    names, count = data.get("names"), data.get("nc")
    if isinstance(names, list | dict) and is_whole(count) and 0 < len(names) < count:
        raise CutOffError(
            f"{file}: names {len(names)} classes, but nc is {count}; the file may be cut off: copy "
            "or export it again, or correct nc"
        )
    return names


def _checked(names: Any, file: Path) -> dict[int, str]:
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        raise AnnotationError(f"{file}: expected names, a list or map of the classes")
    found = {}
    for key, name in names.items():
        index = excerpt(key).strip("'")
        if not re.fullmatch(r"\d{1,6}", index, re.ASCII):
            raise AnnotationError(f"{file}: names: {excerpt(key)} is not a class number")
        if name is None:
            raise CutOffError(
                f"{file}: names: class {index} is None; expected text; the file may be cut off: "
                "copy or export it again, or name the class"
            )
        if isinstance(name, float) and re.fullmatch(r"[1-8]\.[1-8]", str(name)):
            name = str(name)  # quadrant and position, which YAML takes for a fraction
        if not isinstance(name, str) and not (is_whole(name) and abs(name) < 10**9):
            raise AnnotationError(f"{file}: names: class {index} is {excerpt(name)}; expected text")
        if int(index) in found:
            raise AnnotationError(f"{file}: names: class {int(index)} is named twice")
        found[int(index)] = str(name)
    return found
