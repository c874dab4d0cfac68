"""What a model decided, put to use: the request as it is with the decisions, and the annotation that carries them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.frozen import replace
from s2r_ci.model import Change, ConversionRequest, Decisions, Script, Target

ANNOTATION: Final = "s2r-ci/decisions"


def written(decided: Decisions) -> str:
    """The one spelling of decisions: ASCII JSON, members in order of their names, those alone that say something."""
    members: Mapping[str, Any] = {
        "changes": [[change.line, change.text] for change in decided.changes],
        "image": decided.image,
        "mounts": list(decided.mounts),
        "variables": dict(decided.variables),
    }
    said = {name: value for name, value in members.items() if value}
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def carried(manifest: Any) -> Decisions:
    """The decisions that a manifest's body carries; none where it carries none, or none that ``written`` writes.

    What may be decided is not looked at: that is the judge's, who reads the annotation for himself.
    """
    try:
        text = manifest["metadata"]["annotations"][ANNOTATION]
        said = json.loads(text)
        found = Decisions(
            image=said.get("image", ""),
            variables=dict(said.get("variables", {})),
            mounts=tuple(said.get("mounts", ())),
            changes=tuple(Change(line=line, text=text) for line, text in said.get("changes", ())),
        )
        return found if written(found) == text else Decisions()
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return Decisions()


def answered(target: Target, decided: Decisions) -> Target:
    """The target with the decisions as answers. What a person has answered counts over them."""
    return replace(
        target,
        image=target.image or decided.image,
        variables={**decided.variables, **target.variables},
        mounts=tuple(dict.fromkeys((*target.mounts, *decided.mounts))),
        decisions=decided,
    )


def changed(script: Script, decided: Decisions) -> Script:
    """The script with its changed lines; indentation and number of lines stay. A line that is not there changes
    nothing: it is for the judge to refuse it.
    """
    if not decided.changes:
        return script
    lines = script.data.split(b"\n")
    for change in decided.changes:
        if 1 <= change.line <= len(lines):
            old = lines[change.line - 1]
            indent = old[: len(old) - len(old.lstrip())]
            lines[change.line - 1] = indent + change.text.encode("utf-8", "surrogateescape")
    return replace(script, data=b"\n".join(lines))


def applied(request: ConversionRequest, decided: Decisions) -> ConversionRequest:
    """The request as the writers shall see it. The job stays as the script itself asks for it."""
    target = answered(request.target, decided)
    return replace(request, script=changed(request.script, decided), target=target)
