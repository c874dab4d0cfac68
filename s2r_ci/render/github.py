"""The face for GitHub's log: workflow commands that become annotations, then the text report.

The runner reads commands from everything that is printed: a line that starts with ``::name`` (after white space of
any kind) and ``##[name`` anywhere. So every other line starts with ``s2r: ``, ``##[`` never appears, and one
function, ``command``, writes all commands.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from s2r_ci.model import Finding, Level, Report
from s2r_ci.render import Style, text
from s2r_ci.render.safe import printable, shown_path
from s2r_ci.render.words import count, gravest_first

ANNOTATIONS: Final = 9  # of each level: the runner keeps ten a step and drops the rest without a word
LONGEST: Final = 4_000  # characters; the runner cuts at 4,096
PREFIX: Final = "s2r: "
COMMANDS: Final = frozenset({"error", "warning", "notice", "group", "endgroup", "add-mask"})

_NAMES: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice", Level.NONE: "notice"}


def render(report: Report, style: Style) -> str:
    """At most nine annotations of each level, the gravest first, then the text report with a prefix."""
    log = text.render(report, style._replace(color=False))
    lines = [*_annotations(report), *(PREFIX + defused(line) for line in log.removesuffix("\n").split("\n"))]
    return "".join(f"{line}\n" for line in lines)


def command(name: str, message: str, **properties: str) -> str:
    """One workflow command, escaped as the toolkit does; without line end.

    A property is left out where it is empty. ``message`` may have several lines.
    """
    if name not in COMMANDS:
        raise ValueError(f"{name!r} is no command that s2r-ci gives")
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    lines = [defused(printable(line)) for line in message.split("\n")]
    return f"::{name}{' ' if given else ''}{given}::{_data(_cut(lines))}"


def defused(line: str) -> str:
    """The line without the older form of commands, which the runner sees anywhere in a line."""
    return line.replace("##[", "# #[")


def _cut(lines: Sequence[str]) -> str:
    message = "\n".join(lines)
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _annotations(report: Report) -> Iterator[str]:
    levels: dict[str, list[Finding]] = {}
    for finding in gravest_first(report.findings):
        levels.setdefault(_NAMES[finding.level], []).append(finding)
    for name, findings in levels.items():
        fits = len(findings) <= ANNOTATIONS
        for finding in findings if fits else findings[: ANNOTATIONS - 1]:
            yield _annotation(name, finding)
        if not fits:
            left = count(len(findings) - ANNOTATIONS + 1, f"further {name}")
            yield command(name, f"{left}: see the log of this step, or the SARIF report", title="s2r-ci")


def _annotation(name: str, finding: Finding) -> str:
    place = finding.location
    message = f"{printable(finding.message)}\nhint: {finding.rule.hint}"
    if not _can_be_named(place.path):  # GitHub could not find the file; the message says where
        where = shown_path(place.path) + (f":{place.line}" if place.line else "")
        return command(name, f"{where}: {message}", title=finding.rule.id)
    line = str(place.line) if place.line else ""
    column = str(place.column) if place.line and place.column else ""
    return command(name, message, file=place.path, line=line, col=column, title=finding.rule.id)


def _can_be_named(path: str) -> bool:
    return bool(path) and printable(path) == path and "##[" not in path
