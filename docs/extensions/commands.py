"""The reference of the command line, from the typer application itself."""

from __future__ import annotations

import inspect
import typing
from pathlib import Path
from types import UnionType
from typing import Any

from typer.main import get_command

from extensions.tables import sentence, table
from panodent.cli import app

KINDS = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}


def markdown() -> str:
    """A table of all commands, and a section for each: its help, arguments and options."""
    group: Any = get_command(app)
    functions = {
        name: info.callback
        for name, info in zip(group.commands, app.registered_commands, strict=True)
    }
    parts = [_index(group)]
    parts += [_section(name, group.commands[name], functions[name]) for name in functions]
    return "\n\n".join(parts)


def _index(group: Any) -> str:
    rows = [
        (f"[{name}](#panodent-{name})", _help(command)[0])
        for name, command in group.commands.items()
    ]
    return table(("command", "what it does"), rows)


def _help(command: Any) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


def _section(name: str, command: Any, function: Any) -> str:
    hints = typing.get_type_hints(function, include_extras=True)
    arguments, options = [], []
    for item in command.params:
        if item.param_type_name == "argument":
            arguments.append(item)
        else:
            options.append(item)
    usage = " ".join(["panodent", name, *(_argument(item) for item in arguments), "[OPTIONS]"])
    parts = [f"## panodent {name}", *_help(command), f"```text\n{usage}\n```"]
    if arguments:
        meanings = [(f"`{_argument(item)}`", sentence(item.help or "")) for item in arguments]
        parts.append(table(("argument", "meaning"), meanings))
    if options:
        rows = [
            (_names(item, hints[item.name]), _default(item), _about(item, hints[item.name]))
            for item in options
        ]
        parts.append(table(("option", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _argument(item: Any) -> str:
    name = str(item.metavar or item.name.upper())
    return name if item.nargs == 1 or name.endswith("...") else f"{name}..."


def _names(item: Any, hint: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*item.opts, *item.secondary_opts))
    return names if item.is_flag else f"{names} {item.metavar or _kind(hint)}"


def _kind(hint: Any) -> str:
    """What follows an option, such as INTEGER, from its annotation."""
    while typing.get_origin(hint) is not None:
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        hint = parts[0]
    return KINDS[hint]


def _default(item: Any) -> str:
    if item.required:
        return "required"
    if isinstance(item.show_default, str):
        return item.show_default
    if item.is_flag:
        return "on" if item.default else "off"
    return "" if item.default in (None, "", (), []) else f"`{item.default}`"


def _about(item: Any, hint: Any) -> str:
    info = next(part for part in typing.get_args(hint) if hasattr(part, "param_decls"))
    text = sentence(item.help or "")
    if info.min is not None and info.max is not None:
        text += f" From {info.min} to {info.max}."
    elif info.min is not None:
        text += f" At least {info.min}."
    if _is_list(hint):
        text += " Can be given several times."
    if item.envvar:
        text += f" Environment variable: `{item.envvar}`."
    return text


def _is_list(hint: Any) -> bool:
    inner = typing.get_args(hint)[0]
    options = typing.get_args(inner) if isinstance(inner, UnionType) else (inner,)
    return any(typing.get_origin(option) is list for option in options)
