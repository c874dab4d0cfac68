"""Folders that a script binds into its container: ``--container-mounts=a:b`` of Pyxis, ``-B a:b`` of Apptainer.

In the pod the container is the pod itself, so a folder that the site map has on a volume is mounted where the script
wants it inside: as a part of that volume.
"""

import itertools
import posixpath
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from s2r_ci.model import ConversionRequest, JobSpec, Script
from s2r_ci.patterns import lazy

OPTION: Final = "container-mounts"
_BIND: Final = lazy(rb"(?:^|\s)(?:-B|--bind)(?:=|\s+)(\S+)")
_ENGINE: Final = lazy(rb"\b(?:apptainer|singularity)\b")
_PLAIN: Final = lazy(r"/[A-Za-z0-9_./+@=~-]*")
_NEVER: Final = frozenset({"", "bin", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "usr"})
"""Where nothing is mounted: a container would not start, or be another one."""


class Binding(NamedTuple):
    """A folder of the old cluster, and where the script finds it inside its container."""

    source: str
    inside: str
    read_only: bool = False


def bindings(request: ConversionRequest) -> tuple[Binding, ...]:
    """Every binding whose two paths are written out and differ, each place inside once: the first one counts."""
    return _bindings(request.script, request.job)


@lru_cache(maxsize=4)  # the same script is asked about by writer, ledger and questions
def _cached(script: Script, specifications: tuple[str, ...]) -> tuple[Binding, ...]:
    found: dict[str, Binding] = {}
    for text in (*specifications, *_in_commands(script.data)):
        for binding in _read(text):
            found.setdefault(binding.inside, binding)
    return tuple(found.values())


def _bindings(script: Script, job: JobSpec) -> tuple[Binding, ...]:
    said = [job.options.get(OPTION, "")]
    for step in job.body.steps:
        words = step.words
        said += [word.partition("=")[2] for word in words if word.startswith(f"--{OPTION}=")]
        said += [after for word, after in itertools.pairwise(words) if word == f"--{OPTION}"]
    return _cached(script, tuple(text for text in said if text))


def _in_commands(data: bytes) -> Iterator[str]:
    """What ``-B`` and ``--bind`` of Apptainer say, from lines that call it."""
    if b"-B" not in data and b"--bind" not in data:
        return
    for line in data.replace(b"\\\n", b" ").split(b"\n"):
        if _ENGINE.search(line) and not line.lstrip().startswith(b"#"):
            yield from (found[1].decode("utf-8", "replace") for found in _BIND.finditer(line))


def _read(text: str) -> Iterator[Binding]:
    for entry in text.strip("\"'").split(","):
        source, _, rest = entry.partition(":")
        inside, _, flags = rest.partition(":")
        if not (_PLAIN.fullmatch(source) and _PLAIN.fullmatch(inside)):
            continue
        source, inside = posixpath.normpath(source), posixpath.normpath(inside)
        if source != inside and inside.split("/")[1] not in _NEVER and not inside.startswith("//"):
            yield Binding(source, inside, "ro" in flags.split("+"))
