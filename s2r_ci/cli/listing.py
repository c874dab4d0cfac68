"""What ``s2r-scan audit`` prints: a list of files, or the summary of all."""

from typing import TYPE_CHECKING, Any

from s2r_ci.cli.verdict import style_of
from s2r_ci.errors import ConfigurationError
from s2r_ci.model import Candidate
from s2r_ci.publish.report import publish, wanted

if TYPE_CHECKING:
    from s2r_ci.discover import Found
    from s2r_ci.repository import Place


def publish_list(place: "Place", found: "Found") -> None:
    """One file a line: class, path, reason; the same as JSON."""
    every = sorted((*found.scripts, *found.others), key=lambda candidate: candidate.path)
    for ask in wanted(place.settings.format):
        publish(_as_json(every) if _is_json(ask.word) else _as_text(every), ask.file)


def publish_audit(place: "Place", found: "Found") -> None:
    """The summary of a walk over all scripts that looks at no manifest."""
    from s2r_ci.audit import summarise
    from s2r_ci.cli.check import progress_line
    from s2r_ci.pipeline import scan
    from s2r_ci.render.audit import render_audit, render_audit_json
    from s2r_ci.session import options_of, world_of

    options = options_of(place, ignore_disk=True, keep_details=True)
    report = scan(
        found.scripts,
        world_of(place),
        options,
        verb="audit",
        jobs=place.settings.jobs,
        progress=progress_line(place),
    )
    summary = summarise(report, found.others, place.tree.target_for(""))
    for ask in wanted(place.settings.format):
        face = render_audit_json if _is_json(ask.word) else render_audit
        publish(face(summary, style_of(place, ask.file)), ask.file)


def _is_json(word: str) -> bool:
    if word not in ("text", "json"):
        raise ConfigurationError(f"an audit has no format '{word}'", hint="choose one of: text, json")
    return word == "json"


def _as_text(every: list[Candidate]) -> str:
    from s2r_ci.render.safe import printable

    width = max((len(c.script_class.value) for c in every), default=0)
    return "".join(f"{c.script_class.value:{width}}  {printable(c.path)}\n" for c in every)


def _as_json(every: list[Candidate]) -> str:
    import json

    from s2r_ci.render.safe import printable

    def one(candidate: Candidate) -> dict[str, Any]:
        return {
            "path": printable(candidate.path),
            "class": candidate.script_class.value,
            "line": candidate.line,
            "reason": candidate.reason,
        }

    return json.dumps({"version": 1, "files": [one(c) for c in every]}, indent=1) + "\n"
