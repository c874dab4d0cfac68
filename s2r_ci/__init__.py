"""s2r-ci: Slurm batch scripts to NVIDIA Run:ai manifests, with a proof that nothing was lost."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from s2r_ci.api import convert_slurm_to_runai as convert_slurm_to_runai
    from s2r_ci.api import scan as scan
    from s2r_ci.errors import ConversionError as ConversionError

__version__: Final = "0.1.0"
__all__ = ["ConversionError", "__version__", "convert_slurm_to_runai", "scan"]

_PUBLIC: Final = {
    "scan": "s2r_ci.api",
    "convert_slurm_to_runai": "s2r_ci.api",
    "ConversionError": "s2r_ci.errors",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is asked for, so that ``import s2r_ci`` costs nothing."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 's2r_ci' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)
