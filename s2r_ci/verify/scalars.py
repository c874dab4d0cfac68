"""Every text of a manifest with its place. All at once, without places, they are ``Facts.texts``."""

from collections.abc import Iterator
from typing import Any

from s2r_ci.verify.shapes import Steps


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
