"""One report, many faces: a face is a function from a Report to text. It opens nothing and prints nothing."""

from collections.abc import Callable
from importlib import import_module
from typing import Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.frozen import replace
from s2r_ci.model import Report

RENDERERS: Final = {
    "text": "s2r_ci.render.text:render",
    "json": "s2r_ci.render.json:render",
    "github": "s2r_ci.render.github:render",
    "sarif": "s2r_ci.render.sarif:render",
    "junit": "s2r_ci.render.junit:render",
    "markdown": "s2r_ci.render.markdown:render",
    "gitlab": "s2r_ci.render.gitlab:render",
}
GROUP: Final = "s2r_ci.renderers"  # entry points of faces from outside


class Style(NamedTuple):
    """How a face for people looks. ``verbose``: -1 quiet, 0, 1 with every script, note and other file.

    ``root``, where the scanned tree lies on this machine, is taken out of messages: reports show relative paths.
    """

    color: bool = False
    width: int = 100
    verbose: int = 0
    root: str = ""


Renderer = Callable[[Report, Style], str]


def render(word: str, report: Report, style: Style) -> str:
    """The face called ``word``. Raises ConfigurationError when nobody offers it."""
    return load_renderer(word)(_relative(report, style.root), style)


def _relative(report: Report, root: str) -> Report:
    if not any(root in finding.message for finding in report.findings if root):
        return report
    from s2r_ci.render.words import without_root

    verdicts = (replace(each, findings=without_root(each.findings, root)) for each in report.verdicts)
    elsewhere = without_root(report.findings_elsewhere, root)
    return replace(report, verdicts=tuple(verdicts), findings_elsewhere=elsewhere)


def load_renderer(word: str) -> Renderer:
    """Load one face; entry points are looked at only when the word is not ours, because looking alone takes long."""
    where = RENDERERS.get(word) or _outside().get(word)
    if where is None:
        raise _unknown(word)
    module, _, name = where.partition(":")
    try:
        found: Renderer = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"the format '{word}' cannot be loaded: {error}", where=where) from error
    return found


def _outside() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}


def _unknown(word: str) -> ConfigurationError:
    from difflib import get_close_matches

    from s2r_ci.render.safe import printable

    near = get_close_matches(word.lower(), RENDERERS, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return ConfigurationError(
        f"no format is called '{printable(word)}'", hint=f"{hint}choose one of: {', '.join(sorted(RENDERERS))}"
    )
