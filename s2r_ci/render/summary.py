"""The job summary: the Markdown face, and script and manifest side by side for those that need a look.

All foreign text stands in fenced code whose fence is longer than any in it, or in code spans.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.render.markdown import code
from s2r_ci.render.safe import printable, shown_path

MOST_PAIRS: Final = 10
_LONGEST: Final = 16_000  # characters of one text shown
_MOST_PULLS: Final = 100
_LINK: Final = lazy(r"https://[A-Za-z0-9._/-]+")
_TICKS: Final = lazy(r"`{3,}")


class Pair(NamedTuple):
    """One script and what became of it; ``manifest`` is empty when there is none."""

    path: str
    outcome: str
    script: str
    manifest: str


def pull_table(pulls: Sequence[Mapping[str, Any]]) -> str:
    """What became of the pull requests of a run, as its result file tells, and which manifests were taken away."""
    if not pulls:
        return ""
    rows = [
        f"| {_address(pull)} | {code(str(pull.get('group', '')))} | {code(str(pull['operation']))} | "
        f"{len(pull.get('manifests', ()))} | {len(pull.get('gone', ())) or ''} | {_why(pull)} |\n"
        for pull in pulls[:_MOST_PULLS]
    ]
    left = len(pulls) - len(rows)
    gone = [path for pull in pulls for path in pull.get("gone", ())]
    listed = "".join(f"- {code(shown_path(path))}\n" for path in gone[:_MOST_PULLS])
    return (
        "### Pull requests\n\n| | Group | Done | Manifests | Taken away | |\n| --- | --- | --- | ---: | ---: | --- |\n"
        + "".join(rows)
        + (f"\n{left} more are in the log.\n" if left else "")
        + (f"\nTaken away, because their scripts are gone:\n\n{listed}" if listed else "")
        + (f"\n{len(gone) - _MOST_PULLS} more are in the log.\n" if len(gone) > _MOST_PULLS else "")
        + "\n"
    )


def _address(pull: Mapping[str, Any]) -> str:
    number, url = pull.get("number"), str(pull.get("url", ""))
    if not number:
        return ""
    return f"[#{int(number)}]({url})" if _LINK.fullmatch(url) else f"#{int(number)}"


def _why(pull: Mapping[str, Any]) -> str:
    return code(str(pull["why"])) if pull.get("why") else ""


def side_by_side(pairs: Sequence[Pair]) -> str:
    """At most ten pairs, folded; GitHub shows the cells of a table side by side."""
    shown = pairs[:MOST_PAIRS]
    if not shown:
        return ""
    left = len(pairs) - len(shown)
    more = f"\n{left} more are in the report.\n" if left else ""
    return "\n### Scripts and manifests\n\n" + "\n".join(map(_pair, shown)) + more


def _pair(pair: Pair) -> str:
    title = f"{_escaped(shown_path(pair.path))}: {pair.outcome}"
    manifest = fenced(pair.manifest, "yaml") if pair.manifest else "no manifest\n"
    return (
        f"<details><summary>{title}</summary>\n\n<table><tr><th>script</th><th>manifest</th></tr><tr><td>\n\n"
        f"{fenced(pair.script, 'bash')}\n</td><td>\n\n{manifest}\n</td></tr></table>\n</details>\n"
    )


def fenced(text: str, language: str) -> str:
    """The text as a block of code, whatever stands in it; what is very long is cut, and says so."""
    lines = [printable(line.replace("\t", "    ")) for line in text[:_LONGEST].splitlines()]
    if len(text) > _LONGEST:
        lines.append("... (cut)")
    body = "\n".join(lines)
    longest = max((len(run) for run in _TICKS.findall(body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{body}\n{fence}\n"


def _escaped(text: str) -> str:
    """Text within HTML: letters that begin markup, mentions, references or links stand as numbers."""
    return re.sub(r"[^A-Za-z0-9 ./_-]", lambda found: f"&#{ord(found[0])};", text)
