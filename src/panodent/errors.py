"""Every error that a user can cause: each says what came, what was expected and what to do.

The library raises these; the command line prints one line and exits. ``except PanodentError``
catches them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PanodentError(Exception):
    """Base of every error that panodent raises on purpose."""


class UnknownNameError(PanodentError, ValueError):
    """A name (option, format, recipe, tooth number) that is not among the known ones."""

    def __init__(self, kind: str, name: object, known: Iterable[object]) -> None:
        names = [str(item) for item in known]
        close = get_close_matches(str(name), names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"unknown {kind} {str(name)!r}; known: {', '.join(names)}.{hint}")


class UnknownToothError(PanodentError, ValueError):
    """A number that is no tooth in the stated numbering system."""


class RadiographError(PanodentError):
    """A file that cannot be read as a radiograph."""


class NoRadiographError(RadiographError):
    """A sound file that holds something else: a CT slice, a report, a segmentation."""


class TeethError(PanodentError, ValueError):
    """Arrays that do not make a valid ``Teeth`` record."""


class AnnotationError(PanodentError):
    """An annotation file that does not say what its format demands."""


class DatasetError(PanodentError):
    """A folder that is no usable set of annotated radiographs."""


class ConfigError(PanodentError, ValueError):
    """A setting that is misspelt, out of range or contradicts another."""


class TrainingError(PanodentError):
    """Training that cannot start, go on or resume."""


class BundleError(PanodentError):
    """A model bundle that is missing, damaged or does not agree with its network."""


class OutputError(PanodentError):
    """Results that cannot be written where they should go."""


class BenchmarkError(PanodentError):
    """A process to be measured that failed."""


class MissingExtraError(PanodentError, ImportError):
    """An optional part of panodent is not installed."""

    def __init__(self, extra: str, purpose: str, package: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed; "
            f"install it with: pip install 'panodent[{extra}]'"
        )
