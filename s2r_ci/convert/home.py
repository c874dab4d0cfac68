"""The home folder: on the old cluster it holds people's files, in a pod it is the image's own."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.model import Item, ItemKind
from s2r_ci.patterns import lazy
from s2r_ci.runai.distribution import Plan

KEY: Final = "variable.HOME"
_AT_HOME: Final = lazy(r"(?:~[\w-]*|\$HOME|\$\{HOME\})/(?![.])")
_SEARCHED: Final = lazy(rb"\s*(?:export\s+|setenv\s+)?\w*PATH\w*[= ]")


def files(made: Plan) -> Iterator[Item]:
    """What the script reads or writes in the home folder. Not counted are files that begin with a dot, of which an
    image has its own, and folders to search through, which may be missing; none, where an answer says where home is.
    """
    if "HOME" in made.request.target.variables or "HOME" in made.job.environment or "HOME" in made.job.body.sets:
        return
    lines: list[bytes] = []
    for item in made.job.inventory:
        name = item.value if item.kind is ItemKind.MODULE and item.name == "source" else item.name
        if item.kind not in (ItemKind.PATH, ItemKind.MODULE) or not _AT_HOME.match(name):
            continue
        lines = lines or made.request.script.data.split(b"\n")
        line = lines[item.location.line - 1] if 0 < item.location.line <= len(lines) else b""
        if not _SEARCHED.match(line):
            yield item


def text_of(found: list[Item]) -> str:
    """What to ask about them: the first by its name, how many more."""
    first, *others = dict.fromkeys(item.value if item.kind is ItemKind.MODULE else item.name for item in found)
    more = f" and {len(others)} more" if others else ""
    return (
        f"the script uses {first}{more} in the home folder, which in a pod is the image's own: where is it there?"
    )
