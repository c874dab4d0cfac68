"""volume-changed: the script finds its folders where it looks for them, and no others.

What the script names by an absolute path, its logs and its input too, and what the site map has a volume for, is
mounted; nothing else is. A job with GPUs has shared memory, because data loaders pass batches through ``/dev/shm``
and Kubernetes gives 64 MiB.
"""

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any, Final, NamedTuple

from s2r_ci.model import ConversionRequest, ItemKind
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import gpus, share
from s2r_ci.verify.facts import Container, Facts, Role

_SHARED: Final = "/dev/shm"  # noqa: S108 - a mount, not a file


class _Mount(NamedTuple):
    """What lies at a path of the container."""

    source: str
    sub_path: str = ""
    read_only: bool = False

    def __str__(self) -> str:
        part = f" ({self.sub_path})" if self.sub_path else ""
        return f"{self.source}{part}{', read-only' if self.read_only else ''}"


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Path by path, in every pod: claim, folder of the claim, and whether it may be written."""
    wanted = {path: mount for path, mount in _wanted(request).items() if not _is_unsaid(mount, facts)}
    for role in facts.roles:
        if role.main is None:
            continue
        found = _found(role, role.main)
        for path in sorted(wanted.keys() | found.keys()):
            if wanted.get(path) != found.get(path):
                yield _breach(_difference(path, wanted.get(path), found.get(path)), role.main)
        if len(found) != len(role.main.mounts):
            yield _breach("two volumes are mounted in one place", role.main)


def _is_unsaid(mount: _Mount, facts: Facts) -> bool:
    """A form that cannot mount a part of a claim, or none read-only, leaves it out: the whole is another folder."""
    part = bool(mount.sub_path) and "sub-path" in facts.unsaid
    return part or (mount.read_only and "read-only" in facts.unsaid)


def _difference(path: str, wanted: _Mount | None, found: _Mount | None) -> str:
    if wanted is None:
        return f"neither script nor site map has a volume at {path[:120]}, the manifest has {found}"
    return f"{wanted} belongs at {path}, the manifest has {found or 'nothing'} there"


def _wanted(request: ConversionRequest) -> dict[str, _Mount]:
    found: dict[str, _Mount] = {}
    for folder in sorted(_folders(request)):
        volume = request.target.site.volumes[folder]
        found[volume.mount_path or folder] = _Mount(f"the claim {volume.claim}", volume.sub_path, volume.read_only)
    for inside, mount in _bound(request):
        found.setdefault(inside, mount)
    if gpus(request) or share(request):
        found[_SHARED] = _Mount("memory")
    return found


def _folders(request: ConversionRequest) -> set[str]:
    """The folders of the site map that hold a path of the script, each path in the longest that fits."""
    paths = [item.name for item in request.job.inventory if item.kind is ItemKind.PATH]
    paths += [request.target.working_directory, *request.target.mounts]
    paths += [*request.target.arguments, *request.target.variables.values()]  # what a person answered with
    paths += [request.job.options.get(name, "") for name in ("chdir", "error", "input", "output")]
    known = request.target.site.volumes
    inside = ([folder for folder in known if _holds(folder, path)] for path in paths if path.startswith("/"))
    return {max(folders, key=lambda folder: len(folder.rstrip("/"))) for folders in inside if folders}


_BIND: Final = lazy(r"(?:--container-mounts|(?<!\S)-B|--bind)(?:=|\s+)[\"']?([^\s\"']+)")
_UNBOUND: Final = lazy(r"/(?:(?:bin|dev|etc|lib|lib64|proc|sbin|sys|usr)(?:/.*)?)?")


def _bound(request: ConversionRequest) -> Iterator[tuple[str, _Mount]]:
    """What the script's containers find at other paths: the parts of volumes that it binds there, first come."""
    known = request.target.site.volumes
    for text in _bind_texts(request):
        for source, inside, flags in re.findall(
            r"(?:^|,)(/[\w./+@=~-]*):(/[\w./+@=~-]*)(?::([^,]*))?(?=,|$)", text
        ):
            source, inside = normpath(source), normpath(inside)
            folders = [folder for folder in known if _holds(folder, source)]
            if source == inside or _UNBOUND.fullmatch(inside) or not folders:
                continue
            folder = max(folders, key=lambda name: len(name.rstrip("/")))
            volume = known[folder]
            part = "/".join(
                p for p in (volume.sub_path.strip("/"), source[len(folder.rstrip("/")) :].strip("/")) if p
            )
            yield inside, _Mount(f"the claim {volume.claim}", part, volume.read_only or "ro" in flags.split("+"))


def _bind_texts(request: ConversionRequest) -> Iterator[str]:
    """The directive first, then the steps and the calls of a container engine, line by line."""
    yield request.job.options.get("container-mounts", "").strip("\"'")
    for step in request.job.body.steps:
        line = " ".join(step.words)
        yield from (text for text in _BIND.findall(line) if "--container-mounts" in line)
    for line in request.script.text.replace("\\\n", " ").split("\n"):
        if re.search(r"\b(?:apptainer|singularity)\b", line) and not line.lstrip().startswith("#"):
            yield from re.findall(r"(?:^|\s)(?:-B|--bind)(?:=|\s+)[\"']?([^\s\"']+)", line)


def _holds(folder: str, path: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def _found(role: Role, container: Container) -> dict[str, _Mount]:
    sources: dict[str, str] = {}
    for volume in role.volumes:
        sources[_text(volume.get("name"))] = _source(volume)
    found: dict[str, _Mount] = {}
    for mount in container.mounts:
        odd = mount.keys() - {"name", "mountPath", "subPath", "readOnly"}
        source = f"a mount with {sorted(odd)[0]}" if odd else sources.get(_text(mount.get("name")), "no volume")
        found[_text(mount.get("mountPath"))] = _Mount(
            source, _text(mount.get("subPath")), mount.get("readOnly") is True
        )
    return found


def _source(volume: Mapping[str, Any]) -> str:
    match {key: value for key, value in volume.items() if key != "name"}:
        case {"persistentVolumeClaim": {"claimName": str(claim), **rest}} if not rest:
            return f"the claim {claim}"
        case {"emptyDir": {"medium": "Memory", **rest}} if not rest:
            return "memory"
    return "another volume"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _breach(message: str, container: Container) -> Breach:
    return Breach(message=message, subject="volumes", steps=(*container.steps, "volumeMounts"))
