"""What a manifest depends on besides its script, as sixteen digits: another number makes it stale."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.frozen import defaults
from s2r_ci.model import Target

_KEPT: Final = 64
_digests: Final[dict[int, tuple[Target, str]]] = {}


def target_digest(target: Target) -> str:
    """Sixteen hex digits over everything in a target that is not as it is by default.

    Equal targets give equal digits, in whatever order their mappings were filled; a field that a later version
    adds changes nothing until somebody sets it.
    """
    kept = _digests.get(id(target))
    if kept is not None and kept[0] is target:
        return kept[1]
    digest = _digest(target)
    if len(_digests) >= _KEPT:
        _digests.clear()
    _digests[id(target)] = (target, digest)
    return digest


def _digest(target: Target) -> str:
    import json

    said = _set_fields(target)
    said.pop("converter", None)  # who writes a manifest stands in its header, and differs from machine to machine
    said.pop("crd", None)  # what judges a manifest writes none, and its path differs from machine to machine
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _set_fields(value: Any) -> dict[str, Any]:
    """The fields of a value that differ from their default."""
    pairs = ((name, getattr(value, name), default) for name, default in defaults(value).items())
    return {name: found for name, found, default in pairs if found != default}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else _set_fields(value)
