"""All errors that panodent raises on purpose.

Each message says what was given, what was expected and what to do. The library raises these errors;
the command line catches `PanodentError`, prints one line and exits.

PanodentError
├── UnknownNameError       a name that is not one of the known ones (option, format, recipe)
├── UnknownToothError      a number that is not a tooth in its numbering system
├── RadiographError        a file that cannot be read as a radiograph
│   ├── NoRadiographError  a valid file that holds something else
│   ├── OutputLimitError   one kind of output cannot hold what the radiograph has
│   └── TaskError          a worker of the service could not process a radiograph
├── TeethError             arrays that do not make a valid `Teeth` record
├── AnnotationError        an annotation file that breaks the rules of its format
├── DatasetError           a folder that is not a usable set of annotated radiographs
│   └── FaultyItemsError   items of such a folder that cannot be used, all of them
├── ConfigError            a setting that is misspelt, out of range or contradictory
├── TrainingError          training cannot start, continue or resume
├── BundleError            a model bundle is missing, damaged or inconsistent
├── OutputError            results cannot be written
│   └── DiskFullError      the disk has no space left for them
├── BenchmarkError         a measured process failed
├── MissingExtraError      an optional dependency is not installed
├── UnknownStudyError      the service has no such study
├── UnknownJobError        the service has no such job
├── UnreachableError       an archive does not answer, or not now; the same may succeed later
├── RefusedError           an archive refuses a request for good
├── BusyError              the service cannot take more work now
│   └── WorkerLostError    the process that worked on a radiograph has ended
├── StaleError             somebody else has changed the study in the meantime
└── ServiceError           a service refuses a request of `panodent.client`, or does not answer

>>> try:
...     raise UnknownNameError("format", "cocoo", ["coco", "voc"])
... except PanodentError as error:
...     print(error)
unknown format 'cocoo'; known: coco, voc. Did you mean 'coco'?
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PanodentError(Exception):
    """Base class of every error that panodent raises on purpose."""


class UnknownNameError(PanodentError, ValueError):
    """A name that is not one of the known ones; the message lists these and suggests the closest.

    Parameters
    ----------
    kind : what the name is of, for example 'format'.
    name : the name that was given.
    known : the names that exist.
    meant : what is suggested instead of the closest of these, if not empty.
    """

    def __init__(self, kind: str, name: object, known: Iterable[object], meant: str = "") -> None:
        names = [str(item) for item in known]
        close = get_close_matches(str(name), names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        hint = f" Did you mean {meant}?" if meant else hint
        super().__init__(f"unknown {kind} {str(name)!r}; known: {', '.join(names)}.{hint}")


class UnknownToothError(PanodentError, ValueError):
    """A number that is not a tooth in its numbering system."""


class RadiographError(PanodentError):
    """A file that cannot be read as a radiograph."""


class NoRadiographError(RadiographError):
    """A valid file that holds something else: a CT slice, a report, a segmentation."""


class OutputLimitError(RadiographError):
    """One kind of output cannot hold what the radiograph has; the others can."""


class TeethError(PanodentError, ValueError):
    """Arrays that do not make a valid `Teeth` record."""


class AnnotationError(PanodentError):
    """An annotation file that breaks the rules of its format, or whose class names are unclear."""


class DatasetError(PanodentError):
    """A folder that is not a usable set of annotated radiographs."""


class FaultyItemsError(DatasetError):
    """Items of a data folder that cannot be used; nothing was done yet.

    Parameters
    ----------
    summary : how many, and what to do.
    faults : a line for each.
    """

    def __init__(self, summary: str, faults: Iterable[object]) -> None:
        self.summary = summary
        self.faults = tuple(map(str, faults))
        super().__init__("\n".join((summary, *self.faults)))


class ConfigError(PanodentError, ValueError):
    """A setting that is misspelt, out of range or in contradiction to another."""


class TrainingError(PanodentError):
    """Training that cannot start, continue or resume."""


class BundleError(PanodentError):
    """A model bundle that is missing, damaged or inconsistent with its network."""


class OutputError(PanodentError):
    """Results that cannot be written, or a results file that cannot be read back."""


class DiskFullError(OutputError):
    """A disk without space, or with no more than is kept free."""


class BenchmarkError(PanodentError):
    """A measured process that failed."""


class MissingExtraError(PanodentError, ImportError):
    """An optional dependency that is not installed; the message says how to install it.

    Parameters
    ----------
    extra : the extra of panodent that brings the package, for example 'train'.
    purpose : what the package is needed for.
    package : the missing package.
    """

    def __init__(self, extra: str, purpose: str, package: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed; "
            f"install it with: pip install 'panodent[{extra}]'"
        )


class _UnknownItemError(PanodentError, KeyError):
    # `KeyError` would print the message in quotation marks.
    def __str__(self) -> str:
        return str(self.args[0])


class UnknownStudyError(_UnknownItemError):
    """The service has no such study; it may have been deleted."""


class UnknownJobError(_UnknownItemError):
    """The service has no such job; it may have expired."""


class UnreachableError(PanodentError):
    """An archive does not answer, or cannot at the moment; the same may succeed later."""


class RefusedError(PanodentError):
    """An archive refuses a query or an object for good."""


class StaleError(PanodentError):
    """An edit of a study that is based on an outdated revision."""


class BusyError(PanodentError):
    """The service has no free place in its queue, or cannot work now; try again later."""


class WorkerLostError(BusyError):
    """The worker process ended in the middle of a task; the file need not be the reason."""


class ServiceError(PanodentError):
    """A service that refuses a request of `panodent.client`, or does not answer.

    Parameters
    ----------
    message : the request and the service's explanation.
    status : the HTTP status, 0 if the service does not answer.
    """

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class TaskError(RadiographError):
    """A worker of the service could not process a radiograph; the message is the worker's."""
