"""Writes the generated tables of ``docs/targets.md`` anew: ``python -m tools.targets_page``."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from s2r_ci.convert.answers import LOST
from s2r_ci.convert.native import ROWS, Row
from s2r_ci.convert.options import OPTIONS
from s2r_ci.runai.targets import KUBERNETES, NATIVE, RELEASES, TARGETS
from tools.readme_tables import between

PAGE: Final = Path(__file__).parents[1] / "docs" / "targets.md"
_NATIVE: Final = [name for name in TARGETS if name in NATIVE]
_WORDS: Final = {"{runner}": "spec", "{template}": "spec.template", "{words}": "words", "{name}": "NAME"}


def targets() -> Iterable[tuple[str, ...]]:
    """Target by release, and the kinds that are written."""
    yield ("target", *RELEASES, "what is written", "kinds")
    for form in TARGETS.values():
        taken = ["yes" if release in form.releases else "no" for release in RELEASES]
        yield (f"`{form.name}`", *taken, form.says, ", ".join(f"`{kind}`" for kind in form.kinds))


def kubernetes() -> Iterable[tuple[str, ...]]:
    """The releases of Kubernetes by release of Run:ai."""
    yield "Run:ai", "Kubernetes", "where that is written"
    for release, matrix in KUBERNETES.items():
        yield release, ", ".join(matrix.kubernetes), matrix.source


def fields() -> Iterable[tuple[str, ...]]:
    """Where each field of the target kubernetes goes in Run:ai's own forms; what has no place says why."""
    yield "kubernetes", *(f"`{name}`" for name in _NATIVE), "where there is no field"
    for row in ROWS:
        yield (_field(row), *(_column(row, name) for name in _NATIVE), row.near or row.lost)


def lost() -> Iterable[tuple[str, ...]]:
    """Options of sbatch that no target says, and why."""
    yield "option", "why"
    for name, row in OPTIONS.items():
        try:
            answer = row(None, None, {})  # type: ignore[arg-type]  # a fixed answer asks nothing of its arguments
        except AttributeError:
            continue
        if answer.disposition is LOST:
            yield f"`--{name}`", answer.reason


def _field(row: Row) -> str:
    text = row.field.pattern
    for mark, plain in (
        ("\\", ""),
        ("$", ""),
        ("^", ""),
        ("(?:limits|requests)", "limits"),
        ("S+/S+", "VENDOR/NAME"),
    ):
        text = text.replace(mark, plain)
    return f"`{text.split('(', 1)[0].strip('.') or text}`"


def _column(row: Row, name: str) -> str:
    path = row.columns.get(name, "")
    for mark, plain in _WORDS.items():
        path = path.replace(mark, plain)
    return f"`{path}`" if path else "no"


TABLES: Final[Mapping[str, Callable[[], Iterable[tuple[str, ...]]]]] = {
    "targets": targets,
    "kubernetes": kubernetes,
    "fields": fields,
    "lost": lost,
}


def renewed(text: str) -> str:
    """The page with every table as the code has it now."""
    for name, table in TABLES.items():
        head, *rows = table()
        lines = [head, tuple("---" for _ in head), *rows]
        text = between(
            text, name, [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
        )
    return text


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
