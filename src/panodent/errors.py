"""Every error that a user can cause: each says what came, what was expected and what to do.

The library raises these; the command line prints one line and exits. ``except PanodentError``
catches them all.

PanodentError
├── UnknownNameError       unknown option, format, recipe
├── UnknownToothError      not a tooth number in the stated numbering
├── RadiographError        a file that cannot be read as a radiograph
│   ├── NoRadiographError  a sound file that holds something else
│   └── TaskError          a worker of the service could not process a radiograph
├── TeethError             arrays that do not make a valid `Teeth` record
├── AnnotationError        an annotation file that breaks its format
├── DatasetError           a folder that is no usable set of annotated radiographs
├── ConfigError            a setting that is misspelt, out of range or contradictory
├── TrainingError          training cannot start, continue or resume
├── BundleError            a model bundle is missing, damaged or inconsistent
├── OutputError            results cannot be written
├── BenchmarkError         a measured process failed
├── MissingExtraError      an optional part is not installed
├── UnknownStudyError      the service has no such study
├── UnknownJobError        the service has no such job
├── StaleError             the study was changed by somebody else meanwhile
└── BusyError              the service has no free place in its queue
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


class UnknownStudyError(PanodentError, KeyError):
    """There is no such study (any more)."""

    def __str__(self) -> str:
        return str(self.args[0])


class StaleError(PanodentError):
    """An edit builds on a revision that is not the present one."""


class UnknownJobError(PanodentError, KeyError):
    """There is no such job (any more)."""

    def __str__(self) -> str:
        return str(self.args[0])


class BusyError(PanodentError):
    """More is waiting than the service takes, or it cannot work now; to be tried again soon."""


class TaskError(RadiographError):
    """What a worker said of a file."""
