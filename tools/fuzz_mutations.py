"""Mutations that keep the structure of a file: JSON, XML, tables, pictures, DICOM, and any bytes.

Each takes a random generator and the content of a file and gives a content that a tool, a person or
an attacker could have made of it.
"""

from __future__ import annotations

import copy
import io
import json
import random
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 36, 99, 1e308, -1e308, float("nan"), float("inf"), 0.5),
    *(2**31, 2**63, 10**30, "", " ", "36", "11", "A", "unnumbered", "0", "-1", "x" * 3000),
    *("../../a.png", "C:\\x\\a.png", "a\ud800", "\x1b[31m", "36\n37", "null", "１２"),
    *([], {}, [[]], [None], {"a": 1}, [1, 2], [[1, 2], [3, 4]], [1e9] * 6, ["36", "37"]),
)
"""Values that nobody expects. A class of findings is none: formats of teeth leave it out."""
DELETING = ("delete", "cut", "empty", "bytes", "swap", "move", "dicom", "unset tooth in")
"""Mutations that may take annotations away themselves; without the list of its control tag 'tooth',
an entry of Label Studio's JSON-MIN is one of a radiograph on which nothing was drawn."""
Mutation = tuple[str, bytes]


def of_json(rng: random.Random, content: bytes) -> Mutation:
    """Changes one value somewhere in a JSON document, as one program would write it."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return of_bytes(rng, content)
    owner, key = _place(rng, data)
    if owner is None:
        return of_bytes(rng, content)
    name, changed = _changed(rng, data, owner, key)
    try:
        return name, json.dumps(changed).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return of_bytes(rng, content)


def _place(rng: random.Random, data: Any) -> tuple[Any, Any]:
    """(list or object, index or name) of a value at random; deeper ones are as likely as others."""
    owner, key, here = None, None, data
    while isinstance(here, list | dict) and here and (owner is None or rng.random() < 0.8):
        owner = here
        key = rng.choice([*here]) if isinstance(here, dict) else rng.randrange(len(here))
        here = owner[key]
    return owner, key


def _changed(rng: random.Random, data: Any, owner: Any, key: Any) -> tuple[str, Any]:
    kind = rng.choice(
        ("delete", "odd", "odd", "number", "repeat", "swap", "rename", "deep", "move")
    )
    value = owner[key]
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        owner[key] = rng.choice(
            (value + 1, -value, value * 1000, value / 3, value + 0.5, str(value))
        )
    elif kind == "repeat" and isinstance(owner, list):
        owner.insert(rng.randrange(len(owner) + 1), copy.deepcopy(value))
    elif kind == "rename" and isinstance(owner, dict):
        owner[rng.choice((str(key).upper(), f"{key}_", "id", "name", "data"))] = owner.pop(key)
    elif kind in ("swap", "move"):
        other, at = _place(rng, data)
        taken = copy.deepcopy(other[at])
        if kind == "swap":
            other[at] = copy.deepcopy(value)
        owner[key] = taken
    elif kind == "deep":
        for _ in range(rng.choice((3, 200, 1200))):
            value = [value]
        owner[key] = value
    elif kind == "delete":
        kind = f"unset {key} in" if isinstance(owner, dict) else "delete"
        del owner[key]
    else:
        odd = copy.deepcopy(rng.choice(ODD))
        none = odd == [] or (odd == {} and key == "regions")  # VIA 1 has regions in an object
        kind, owner[key] = "empty" if none and isinstance(value, list) else "odd", odd
    return kind, data


def of_xml(rng: random.Random, content: bytes) -> Mutation:
    """Changes an element, an attribute or a text of an XML document."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - our own seeds
    except ElementTree.ParseError:
        return of_bytes(rng, content)
    parents = [(parent, child) for parent in root.iter() for child in parent]
    if not parents:
        return of_bytes(rng, content)
    parent, child = rng.choice(parents)
    kind = rng.choice(("delete", "repeat", "attribute", "attribute", "text", "tag", "lose", "move"))
    odd = _printable(str(rng.choice(ODD)))
    if kind == "delete":
        parent.remove(child)
    elif kind == "repeat":
        parent.append(copy.deepcopy(child))
    elif kind == "attribute" and child.attrib:
        name = rng.choice([*child.attrib])
        child.set(name, rng.choice((odd, f"{child.get(name)}0", f"-{child.get(name)}", "")))
    elif kind == "lose" and child.attrib:
        del child.attrib[rng.choice([*child.attrib])]
    elif kind == "tag":
        child.tag, kind = (
            rng.choice(("track", "mask", "polygon", "box", "image", "size", "x")),
            "delete",
        )
    elif kind == "move":
        parent.remove(child)
        rng.choice([*root.iter()]).append(child)
        kind = "delete"
    else:
        child.text, kind = odd, "text"
    return kind, ElementTree.tostring(root, "utf-8")


def _printable(text: str) -> str:
    return "".join(char for char in text if char >= " " and not "\ud800" <= char < "\ue000")


def of_lines(rng: random.Random, content: bytes) -> Mutation:
    """Changes a word or a line of a text, such as YOLO's labels, YAML or CSV."""
    lines = content.decode("utf-8", "replace").splitlines()
    if not lines:
        return "text", rng.choice((b"0 0.5", b"36", b"\xff", b" \n \n", b"0 " * 9))
    at = rng.randrange(len(lines))
    kind = rng.choice(("delete", "repeat", "word", "word", "cut", "join"))
    words = re.split(r"(\s+|,)", lines[at])
    if kind == "delete":
        del lines[at]
    elif kind == "repeat":
        lines.insert(at, lines[at])
    elif kind == "cut":
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    elif kind == "join" and at:
        lines[at - 1 : at + 1] = [lines[at - 1] + lines[at]]
        kind = "cut"
    else:
        odd = _printable(str(rng.choice(ODD)))
        words[rng.randrange(len(words))] = rng.choice((odd, "", "1.5", "-0.5", "nan", "inf", "99"))
        lines[at], kind = "".join(words), "word"
    return kind, "\n".join(lines).encode("utf-8", "replace")


def of_picture(rng: random.Random, content: bytes) -> Mutation:
    """Changes pixel values of a label map, or its mode, or bytes of its file."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            values, form = np.array(picture), str(picture.format)
    except (OSError, ValueError, SyntaxError):
        return of_bytes(rng, content)
    kind = rng.choice(("values", "bytes", "bytes", "size", "colour", "empty"))
    if kind == "bytes":
        return of_bytes(rng, content)
    if kind == "values":
        top, left = (rng.randrange(side) for side in values.shape[:2])
        values[top : top + 5, left : left + 5] = rng.choice((0, 1, 36, 99, 255))
        kind = "cut"
    elif kind == "size":
        values, kind = values[: rng.randrange(1, len(values) + 1)], "cut"
    elif kind == "colour":
        values = np.stack([values] * 2 + [values * 0], axis=-1).astype(np.uint8)
    else:
        values = values * 0
    stream = io.BytesIO()
    try:
        Image.fromarray(values).save(stream, form)
    except (OSError, ValueError, TypeError):
        return of_bytes(rng, content)
    return kind, stream.getvalue()


def of_dicom(rng: random.Random, content: bytes) -> Mutation:
    """Changes, removes or repeats an element of a DICOM header, or bytes of it."""
    import pydicom
    from pydicom.dataelem import RawDataElement

    if rng.random() < 0.4:
        return of_bytes(rng, content, before=content.rfind(b"\xe0\x7f\x10\x00") + 12)
    try:
        data = pydicom.dcmread(io.BytesIO(content), force=True)
        owner = data.file_meta if rng.random() < 0.2 and data.file_meta else data
        tag = rng.choice([*owner.keys()])
        kind = rng.choice(("delete", "value", "value", "value"))
        if kind == "delete":
            del owner[tag]
        else:
            odd = rng.choice(
                (0, 1, 2, 8, 16, 32, 65535, 2**31 - 1, -1, "", "X", "1\\2", b"\x01\x00", None)
            )
            element = owner[tag]
            raw = (
                odd if isinstance(odd, bytes) else b"" if odd is None else _encoded(element.VR, odd)
            )
            owner._dict[tag] = RawDataElement(tag, element.VR, len(raw), raw, 0, False, True)
        stream = io.BytesIO()
        data.save_as(stream, enforce_file_format=False)
        return f"dicom {kind}", stream.getvalue()
    except Exception:  # pydicom may refuse to write what was changed
        return of_bytes(rng, content)


def _encoded(representation: str, value: int | str) -> bytes:
    if representation in ("US", "SS", "OW", "UL", "SL") and isinstance(value, int):
        size = 4 if representation in ("UL", "SL") else 2
        return (value % (1 << 8 * size)).to_bytes(size, "little")
    text = str(value).encode()
    return text + b" " * (len(text) % 2)


def of_bytes(rng: random.Random, content: bytes, before: int | None = None) -> Mutation:
    """Flips, cuts, repeats or inserts bytes, or stores a text in another encoding."""
    data = bytearray(content)
    end = max(1, min(len(data), before or len(data)))
    at = rng.randrange(end)
    kind = rng.choice(("flip", "truncate", "insert", "repeat", "zeros", "encode"))
    if kind == "flip":
        for _ in range(rng.choice((1, 4, 30))):
            place = rng.randrange(end)
            data[place : place + 1] = bytes([rng.randrange(256)])
    elif kind == "truncate":
        del data[at:]
    elif kind == "insert":
        data[at:at] = rng.choice(
            (b"\xff", b"\0", b"{", b"]", b"<", b'"', b"\xef\xbb\xbf", b"9" * 40)
        )
    elif kind == "repeat":
        data[at:at] = data[at : at + rng.randrange(1, 200)] * rng.choice((1, 50))
    elif kind == "zeros":
        data[at : at + 40] = bytes(40)
    else:
        text = content.decode("utf-8", "replace")
        code = rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1251"))
        return "bytes", text.encode(code, "replace")
    return "bytes", bytes(data)


BY_SUFFIX: dict[str, Callable[[random.Random, bytes], Mutation]] = {
    **dict.fromkeys((".json",), of_json),
    **dict.fromkeys((".xml",), of_xml),
    **dict.fromkeys((".txt", ".yaml", ".csv", ".tsv"), of_lines),
    **dict.fromkeys((".png", ".tif", ".tiff"), of_picture),
    **dict.fromkeys((".dcm",), of_dicom),
}
"""The mutation that knows the structure, by suffix."""


def mutated(rng: random.Random, name: str, content: bytes) -> Mutation:
    """(kind, content) of a changed file; one in six is changed without regard to its structure."""
    suffix = "." + name.rpartition(".")[2].lower()
    if rng.random() < 1 / 6 or suffix not in BY_SUFFIX:
        return of_bytes(rng, content)
    return BY_SUFFIX[suffix](rng, content)
