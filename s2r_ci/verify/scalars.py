"""Every text of a manifest: all at once for the quick yes, one by one with its place for the no."""

from collections.abc import Iterator
from typing import Any, Final

from s2r_ci.runai.shapes import Steps

MOST_NODES: Final = 2000
DEEPEST: Final = 16


def gather(body: object, *, most_nodes: int, deepest: int) -> list[str] | None:
    """All keys and texts, in no special order; None where there are too many nodes or they lie too deep.

    Level by level and without recursion, so that no depth can hurt.
    """
    texts: list[str] = []
    level: list[Any] = [body]
    nodes = depth = 0
    while level:
        nodes += len(level)
        if nodes > most_nodes or depth > deepest:
            return None
        below: list[Any] = []
        for node in level:
            if isinstance(node, str):
                texts.append(node)
            elif isinstance(node, dict):
                texts.extend(map(str, node))
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
        level = below
        depth += 1
    return texts


def places(body: object) -> Iterator[tuple[Steps, str]]:
    """Every key and text with the steps to it, in the order of the document."""
    waiting: list[tuple[Any, Steps]] = [(body, ())]
    while waiting:
        node, steps = waiting.pop()
        if isinstance(node, str):
            yield steps, node
        elif isinstance(node, dict):
            yield from ((steps, str(key)) for key in node)
            waiting += [(value, (*steps, key)) for key, value in reversed(node.items())]
        elif isinstance(node, list):
            waiting += [(value, (*steps, index)) for index, value in reversed(list(enumerate(node)))]
