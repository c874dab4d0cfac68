"""JSON values by the steps to their nodes: walk them, and give copies with one node changed."""

from collections.abc import Iterator
from typing import Any, Final

Steps = tuple[str | int, ...]


class _Gone:
    def __repr__(self) -> str:
        return "gone"


GONE: Final = _Gone()
"""Takes a node out."""


def nodes(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every node below the root with the steps to it, parents first."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, node in pairs:
        yield (*steps, step), node
        yield from nodes(node, (*steps, step))


def at(value: Any, steps: Steps) -> Any:
    """The node at these steps; GONE where there is none."""
    for step in steps:
        there = step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
        if not there:
            return GONE
        value = value[step]
    return value


def put(value: Any, steps: Steps, new: Any) -> Any:
    """A copy in which this node is ``new``; missing mappings on the way are made, GONE takes it out.

    Only what lies on the way is copied: the rest is shared with the original, which nobody changes.
    """
    if not steps:
        return new
    first, rest = steps[0], steps[1:]
    if isinstance(value, list):
        assert isinstance(first, int)
        copy = list(value)
        if new is GONE and not rest:
            del copy[first]
        elif first == len(copy):
            copy.append(put({}, rest, new))
        else:
            copy[first] = put(copy[first], rest, new)
        return copy
    mapping = dict(value) if isinstance(value, dict) else {}
    if new is GONE and not rest:
        mapping.pop(first, None)
    else:
        mapping[first] = put(mapping.get(first, {}), rest, new)
    return mapping
