"""What the script writes to a volume that is mounted read-only: redirections, logs, what it copies and makes."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from s2r_ci.model import Location
from s2r_ci.patterns import lazy
from s2r_ci.runai import storage
from s2r_ci.runai.distribution import Plan
from s2r_ci.slurm.touched import touched

KEY: Final = "read-only"
STREAMS: Final = ("output", "error")
_ASSIGNED: Final = lazy(r"^[ \t]*(?:export[ \t]+|readonly[ \t]+)?(\w+)=[\"']?(/[^\s\"';$`]*)[\"']?[ \t]*$", re.M)
_NAMED: Final = lazy(r"\$(?:(\w+)|\{(\w+)\})")
_OPTION: Final = lazy(r"\s--(?:out(?:put)?|save|log)[_-]?(?:dir|path|file|folder)?[= ][\"']?([^\s\"';|&<>]+)")


def writes(made: Plan) -> dict[str, Location]:
    """Absolute paths of the old cluster that the script writes to, on volumes it cannot write to; each at its line."""
    volumes = made.request.target.site.volumes
    if not any(volume.read_only for volume in volumes.values()):
        return {}
    found: dict[str, Location] = {}
    for path, line in _written(made):
        prefix = storage.prefix_of(path, volumes)
        if prefix is not None and volumes[prefix].read_only:
            found.setdefault(path, Location(made.request.script.path, line))
    return found


def text_of(path: str, made: Plan) -> str:
    """What to ask about one of them."""
    volume = storage.prefix_of(path, made.request.target.site.volumes)
    return f"the script writes to {path}, and the volume of {volume} is mounted read-only: where does that go?"


def _written(made: Plan) -> Iterator[tuple[str, int]]:
    options, script = made.job.options, made.request.script
    folder = made.request.target.working_directory
    for name in STREAMS:
        if (stream := options.get(name, "")) and (path := _whole(stream, folder)):
            yield path, made.job.origins.get(name, Location(script.path)).line
    if made.job.body.language != "shell":
        return
    text = script.text
    values = dict(_ASSIGNED.findall(text))
    files = touched(text).files
    named = [(each.name, each.line) for each in files if each.how == "writes"]
    named += [(found[1], text.count("\n", 0, found.start(1)) + 1) for found in _OPTION.finditer(text)]
    for name, line in named:
        if path := _whole(_NAMED.sub(lambda each: values.get(each[1] or each[2], each[0]), name), folder):
            yield path, line


def _whole(name: str, folder: str) -> str:
    """The absolute path, as far as it is written out; relative names lie in the folder in which the script starts."""
    if name.startswith(("$", "~", "`")) or (not name.startswith("/") and not folder):
        return ""
    return posixpath.normpath(posixpath.join(folder or "/", name))
