"""How tasks are dealt out over nodes, sockets and cores: --distribution."""

import re
from typing import Any, Final

from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import UNNAMED
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.units import MOST_INT, digits

_PLANE: Final = lazy(r"plane[^=]*=\s*\+?(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_LEVELS: Final = (("block", "cyclic"), ("block", "cyclic", "fcyclic"), ("block", "cyclic", "fcyclic"))
_DEFAULTS: Final = ("block", "cyclic", "cyclic")
_ARBITRARY: Final = ("arbitrary", "hostfile")
_PACKS: Final = ("pack", "nopack")


def read_distribution(text: str, release: Release) -> tuple[str, Any]:
    """``block:cyclic,pack``, ``arbitrary``, ``plane=4``; the second answer is ``arbitrary``, the plane, or nothing.

    pack or nopack may stand alone; both of them are no distribution at all, and sbatch goes on without one. Whatever
    begins with plane and holds an equals sign is one. Raises RefusedError.
    """
    if plane := _PLANE.fullmatch(text):
        size = digits(plane[1])
        if not size or size > MOST_INT:
            raise RefusedError("needs a whole number of tasks of at least 1 behind plane=")
        return f"plane={size}", size
    body, comma, flag = text.lower().partition(",")
    if flag not in ("", *_PACKS):
        raise RefusedError("takes pack or nopack behind the comma")
    levels = [level for level in body.split(":") if level]
    if len(levels) == 1 and levels[0] in _PACKS:
        alone = levels[0]
        return (alone, "") if flag in ("", alone) else (UNNAMED, "")
    behind = comma + flag if flag else ""
    if len(levels) == 1 and levels[0] in _ARBITRARY:
        return f"arbitrary{behind}", "arbitrary"
    return ":".join(_words(levels)) + behind, ""


def _words(levels: list[str]) -> list[str]:
    """One for each level; a star is what Slurm takes where nothing is said."""
    known = len(levels) <= len(_LEVELS) and all(
        level == "*" or level in allowed for level, allowed in zip(levels, _LEVELS, strict=False)
    )
    if not levels or not known:
        raise RefusedError("takes block, cyclic, arbitrary or plane=N for nodes, sockets and cores")
    return [default if level == "*" else level for level, default in zip(levels, _DEFAULTS, strict=False)]
