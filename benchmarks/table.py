"""One row of a benchmark's answer, and how rows are printed."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured, what it is held against, and whether that is kept."""

    what: str
    own: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    kept: bool | None = None  # None: no target at this size


def shown(rows: Iterable[Row]) -> str:
    """Rows as an aligned Markdown table."""
    head = ("what", "own", "peer", "ratio", "target", "kept")
    lines = [head, *((r.what, r.own, r.peer, r.ratio, r.target, _word(r.kept)) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in [text[0], rule, *text[1:]])


def _word(kept: bool | None) -> str:
    return "" if kept is None else ("yes" if kept else "NO")
