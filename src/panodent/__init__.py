"""panodent: every tooth of a panoramic dental radiograph as its own mask with its FDI number.

>>> import panodent
>>> teeth = panodent.predict("opg.png")  # doctest: +SKIP
>>> teeth.save("out/")  # doctest: +SKIP

Research use only: panodent is not a medical device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panodent.version import __version__

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

_HOMES = {
    "PanodentError": "errors",
    "Prediction": "inference.predictor",
    "Predictor": "inference.predictor",
    "Radiograph": "radiograph.radiograph",
    "Teeth": "teeth.teeth",
    "read": "radiograph.radiograph",
}
_default: Predictor | None = None


def load(bundle: str = "default", threads: int = 0, mirror: bool = False) -> Predictor:
    """A predictor made of a bundle folder, a training run, or the default bundle.

    `threads` for the network, 0 for all cores; `mirror` also predicts on the mirror image and
    averages. Raises `BundleError`.
    """
    from panodent.bundle.bundle import load as load_bundle
    from panodent.inference.predictor import Predictor

    return Predictor(load_bundle(bundle, threads), mirror)


def predict(source: RadiographSource) -> Prediction:
    """Teeth of one radiograph (file, array or `Radiograph`) with the default bundle.

    Raises `RadiographError` when it cannot be read.
    """
    global _default
    if _default is None:
        _default = load()
    return _default.predict(source)


def __getattr__(name: str) -> Any:
    # Heavy modules are imported when their names are first used.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"panodent.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'panodent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
