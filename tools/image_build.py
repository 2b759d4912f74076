"""Runs the steps of a Dockerfile in plain folders, where there is no container engine.

A stage is a folder. One that begins with `debian:SUITE-slim` is what debootstrap makes of the
suite; RUN is chroot into the folder. Needs root, debootstrap and a mirror of Debian. An instruction
that is not known here is an error, so that no step is left out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSED_ON = re.compile(r"(https?|ftp|no)_proxy", re.IGNORECASE)
"""Variables that container engines pass on to RUN, too."""
AUTHORITY = "/run/authority.pem"
MOUNTS = """
mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs "$0/run" || exit
mount --bind /etc/resolv.conf "$0/etc/resolv.conf"
[ -z "$AUTHORITY" ] || { touch "$0/run/authority.pem" &&
    mount --bind "$AUTHORITY" "$0/run/authority.pem"; } || exit
exec chroot "$0" "$@"
"""
"""What RUN needs of this machine, in a mount namespace of its own: nothing stays mounted."""


class ImageError(Exception):
    """What is wrong with a Dockerfile, a step of it, or the image."""


@dataclass(frozen=True)
class Image:
    """A root file system and what its Dockerfile says of running it."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": PATH})
    folder: str = "/"
    user: str = "0"
    volumes: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()

    def owner(self) -> tuple[int, int]:
        """User and group id of `user`, by the image's own table of users."""
        for line in (self.root / "etc/passwd").read_text().splitlines():
            name, _, user, group = line.split(":")[:4]
            if self.user in (name, user):
                return int(user), int(group)
        raise ImageError(f"USER {self.user}: not in /etc/passwd of the image")


class Builder:
    """Builds images in folders below `place`, from files below `context`.

    authority : file with certificates of authorities for RUN, where a proxy has its own; or None.
    """

    def __init__(self, context: Path, place: Path, authority: Path | None = None) -> None:
        self._context, self._place, self._authority = context, place, authority
        self._stages: dict[str, Image] = {}

    def build(self, dockerfile: Path) -> Image:
        """The image of the last stage. Raises `ImageError`."""
        from dockerfile_parse import DockerfileParser

        image: Image | None = None
        name = ""
        for step in DockerfileParser(str(dockerfile)).structure:
            instruction, value = step["instruction"], step["value"]
            if instruction == "COMMENT":
                continue
            print(f"{instruction} {' '.join(value.split())}", flush=True)
            if instruction == "FROM":
                base, _, name = value.partition(" AS ")
                name = name or "image"
                image = self._begun(base, self._place / name)
            elif image is None:
                raise ImageError(f"{instruction} before FROM")
            else:
                image = self._after(image, instruction, value)
            self._stages[name] = image
        if image is None:
            raise ImageError(f"{dockerfile}: has no FROM")
        return image

    def _begun(self, base: str, root: Path) -> Image:
        if root.exists():
            shutil.rmtree(root)
        if (stage := self._stages.get(base)) is None:
            if (suite := re.fullmatch(r"debian:(\w+)-slim", base)) is None:
                raise ImageError(f"FROM {base}: expected debian:SUITE-slim or an earlier stage")
            stage = Image(self._debian(suite[1]))
        run("cp", "-a", "--reflink=auto", stage.root, root)
        return replace(stage, root=root)

    def _debian(self, suite: str) -> Path:
        """A fresh Debian, kept for the next build in this place."""
        root = self._place / f"debian-{suite}"
        if not root.exists():
            unfinished = root.with_name(f"{root.name}.part")
            shutil.rmtree(unfinished, ignore_errors=True)
            run("debootstrap", "--variant=minbase", suite, unfinished)
            run("chroot", unfinished, "apt-get", "clean")
            unfinished.rename(root)
        return root

    def _after(self, image: Image, instruction: str, value: str) -> Image:
        """The image after one instruction."""
        match instruction:
            case "RUN":
                self._call(image, value)
            case "COPY":
                self._copy(image, value)
            case "WORKDIR":
                inside(image, value).mkdir(parents=True, exist_ok=True)
                return replace(image, folder=os.path.join(image.folder, value))
            case "ENV":
                return replace(image, environment=with_variables(image.environment, value))
            case "USER":
                return replace(image, user=value)
            case "VOLUME":
                return replace(image, volumes=(*image.volumes, *words(value)))
            case "ENTRYPOINT":
                return replace(image, entrypoint=words(value), command=())
            case "CMD":
                return replace(image, command=words(value))
            case "HEALTHCHECK":
                return replace(image, health=words(value.partition("CMD")[2]))
            case "EXPOSE" | "STOPSIGNAL":
                pass
            case _:
                raise ImageError(f"{instruction}: not known to tools/image_build.py; add it")
        return image

    def _call(self, image: Image, command: str) -> None:
        user, group = image.owner()
        variables = dict(image.environment)
        variables |= {key: value for key, value in os.environ.items() if PASSED_ON.fullmatch(key)}
        if self._authority is not None:
            variables |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), AUTHORITY)
        run(
            *("unshare", "--mount", "sh", "-c", MOUNTS, image.root),
            *("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"),
            *("env", "-i", f"--chdir={image.folder}"),
            *(f"{key}={value}" for key, value in variables.items()),
            *("/bin/sh", "-c", command),
            env={**os.environ, "AUTHORITY": str(self._authority or "")},
        )

    def _copy(self, image: Image, value: str) -> None:
        *sources, target = value.split()
        context = self._context
        if sources[0].startswith("--from="):
            context = self._stages[sources.pop(0).removeprefix("--from=")].root
        place = inside(image, target)
        for source in sources:
            origin = context / source.lstrip("/")
            if origin.is_dir():
                shutil.copytree(
                    origin,
                    place,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("__pycache__")
                    if context == self._context
                    else None,
                    dirs_exist_ok=True,
                )
            else:
                goal = place / origin.name if target.endswith("/") else place
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, goal)


def inside(image: Image, path: str) -> Path:
    """Where a path of the image is on this machine."""
    return image.root / os.path.normpath(os.path.join(image.folder, path)).lstrip("/")


def words(value: str) -> tuple[str, ...]:
    """The words of a command, which is written as JSON.

    >>> words('["serve", "--store", "/studies"]')
    ('serve', '--store', '/studies')
    """
    try:
        found = json.loads(value)
    except ValueError:
        raise ImageError(f'{value}: expected a list such as ["serve"]') from None
    return tuple(str(word) for word in found)


def with_variables(known: Mapping[str, str], value: str) -> dict[str, str]:
    """The variables after ENV, whose values may use those from before it.

    >>> with_variables({"PATH": "/bin"}, "PATH=/opt/bin:$PATH   A=1")
    {'PATH': '/opt/bin:/bin', 'A': '1'}
    """
    found = dict(known)
    for entry in shlex.split(value):
        key, _, text = entry.partition("=")
        found[key] = re.sub(r"\$\{?(\w+)\}?", lambda name: known.get(name[1], ""), text)
    return found


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> None:
    """Runs a command; raises `ImageError` if it fails."""
    given = [str(word) for word in command]
    if subprocess.run(given, env=env, stdin=subprocess.DEVNULL).returncode:
        raise ImageError(f"{shlex.join(given)[-2000:]}\nfailed")
