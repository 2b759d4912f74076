"""panodent segments and numbers (FDI) every tooth in panoramic dental radiographs.

>>> import panodent
>>> teeth = panodent.predict("opg.png")  # doctest: +SKIP
>>> teeth.save("out/")  # doctest: +SKIP

Research use only: panodent is not a medical device.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from panodent.version import __version__

# ONNX Runtime (seen in 1.32) keeps an id of the computer and a file of events to report, unless
# this is set before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from panodent.errors import PanodentError
    from panodent.inference.predictor import Prediction, Predictor, RadiographSource
    from panodent.radiograph.radiograph import Radiograph, read
    from panodent.teeth.teeth import Teeth

__all__ = [
    "PanodentError",
    "Prediction",
    "Predictor",
    "Radiograph",
    "Teeth",
    "__version__",
    "load",
    "predict",
    "read",
]

_MODULES = {
    "PanodentError": "errors",
    "Prediction": "inference.predictor",
    "Predictor": "inference.predictor",
    "Radiograph": "radiograph.radiograph",
    "Teeth": "teeth.teeth",
    "read": "radiograph.radiograph",
}
"""The module of each public name that is imported when it is first used."""

_default: Predictor | None = None


def load(
    bundle: str = "default",
    threads: int = 0,
    mirror: bool = False,
    refine: bool = True,
    findings: bool = True,
) -> Predictor:
    """A predictor that uses the given model.

    bundle : bundle folder, folder of a training run, or "default" for the included bundle.
    threads : threads of the network; 0 for all cores.
    mirror : whether to predict on the mirrored image too and average: slightly better, twice the
        network's time.
    refine : whether to refine outlines with the bundle's second network, if it has one.
    findings : whether to look for fillings, crowns, implants and more, if the bundle can.

    Raises `BundleError` when the bundle is missing or damaged.
    """
    from panodent.bundle.bundle import load as load_bundle
    from panodent.inference.predictor import Predictor

    loaded = load_bundle(bundle, threads)
    loaded = loaded if refine else loaded.without_refiner()
    return Predictor(loaded if findings else loaded.without_findings(), mirror)


def predict(source: RadiographSource) -> Prediction:
    """The teeth of one radiograph, predicted with the included bundle.

    source : path of a file, a `Radiograph`, or an array of pixels, see
        `panodent.radiograph.radiograph.from_array`.

    Raises `RadiographError` when the file cannot be read as a radiograph.

    >>> from panodent import phantom
    >>> radiograph, truth = phantom.draw(7, (256, 512))
    >>> teeth = predict(radiograph)
    >>> len(teeth) == len(truth), teeth.size, teeth.warning
    (True, (256, 512), '')
    """
    global _default
    if _default is None:
        _default = load()
    return _default.predict(source)


def __getattr__(name: str) -> Any:
    # Imports NumPy, OpenCV and ONNX Runtime only for programs that use them.
    if name in _MODULES:
        return getattr(import_module(f"panodent.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'panodent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
