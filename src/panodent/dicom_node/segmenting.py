"""Predicts a received radiograph and makes the DICOM objects of its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from panodent.dicom import files
from panodent.dicom_node.spool import Spool
from panodent.errors import PanodentError, RadiographError
from panodent.inference.predictor import Predictor
from panodent.utils.wording import counted


def segment(
    predictor: Predictor,
    spool: Spool,
    file: Path,
    kinds: Sequence[str],
    report: Callable[[str], None],
) -> bool:
    """Queues the results of a received radiograph in the spool; returns whether there are some.

    A radiograph that cannot be segmented, or whose header allows none of the results, goes to the
    spool's failed/. `kinds` are some of
    `panodent.dicom.files.KINDS`; messages to `report` contain no patient data.
    """
    key = file.stem[:8]
    try:
        found = predictor.predict(file)
        notes: list[str] = []
        results = files.results(
            found.radiograph, found, predictor.model, found.findings, kinds, notes.append
        )
        if notes and not results:
            raise RadiographError("; ".join(notes))
    except PanodentError as error:
        spool.mark_failed(file, str(error).replace(f"{file}: ", ""))
        report(f"{key} cannot be segmented; see failed/ in the spool")
        return False
    except Exception as error:  # one bad object must not stop the node
        spool.mark_failed(file, f"{type(error).__name__}")
        report(f"{key} cannot be segmented ({type(error).__name__}); see failed/")
        return False
    for note in notes:
        report(f"{key}: {note}")
    spool.add_results(file, results)
    teeth = counted(len(found), "tooth", "teeth")
    report(f"{key}: {teeth}, {counted(len(results), 'result', 'results')} to send")
    return bool(results)
