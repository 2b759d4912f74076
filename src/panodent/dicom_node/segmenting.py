"""Predicts a received radiograph and makes the DICOM objects of its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from panodent.dicom import files
from panodent.dicom_node.spool import Spool
from panodent.errors import OutputError, PanodentError
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

    A radiograph that cannot be segmented goes to the spool's failed/. One whose header allows none
    of the results goes to kept/, with the files that need no header. `kinds` are some of
    `panodent.dicom.files.KINDS`; messages to `report` contain no patient data. Raises `OSError` or
    `OutputError` where the spool cannot be written; then the radiograph stays in received/.
    """
    key = file.stem[:8]
    try:
        found = predictor.predict(file)
        notes: list[str] = []
        results = files.results(
            found.radiograph, found, predictor.model, found.findings, kinds, notes.append
        )
        if notes and not results:
            radiograph = replace(found.radiograph, notes=(*found.radiograph.notes, *notes))
            spool.keep(file, replace(found, radiograph=radiograph).save, "; ".join(notes))
        else:
            spool.add_results(file, results)
    except (OSError, OutputError):
        raise
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
    teeth = counted(len(found), "tooth", "teeth")
    count = counted(len(results), "result", "results")
    kept = "nothing to send; see kept/ in the spool" if notes and not results else ""
    report(f"{key}: {teeth}, {kept or f'{count} to send'}")
    return bool(results)
