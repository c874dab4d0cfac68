"""Volumes: which folders of the old cluster the site map puts where, and shared memory for GPU jobs."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from s2r_ci.model import ConversionRequest, ItemKind, Volume
from s2r_ci.patterns import lazy
from s2r_ci.runai.bindings import bindings
from s2r_ci.runai.compute import uses_gpus

LOCAL_FOLDERS: Final = frozenset(
    {"tmp", "dev", "proc", "sys", "usr", "bin", "sbin", "lib", "lib64", "opt", "etc", "var", "run"}
)
"""First components that a container image or its pod brings along."""
_SITES: Final = lazy(
    r"/(?:usr/(?:users|people|home|workspace|gapps|WS\d)|var/(?:scratch|lustre))(?:/.*|$)", re.DOTALL
)
"""Folders of a site for all that lie below one of them nonetheless."""

SHARED_MEMORY: Final = "dshm"
_OPEN: Final = lazy(r"[$*?%{~\[]")  # what a shell or Slurm expands


def paths(request: ConversionRequest) -> Iterator[str]:
    """Absolute paths that the script needs: those in its program part, and ``--chdir``."""
    yield from (
        item.name for item in request.job.inventory if item.kind is ItemKind.PATH and item.name.startswith("/")
    )
    if (folder := request.job.options.get("chdir", "")).startswith("/"):
        yield folder


def prefix_of(path: str, prefixes: Iterable[str]) -> str | None:
    """The longest of the prefixes that the path lies in; None where it lies in none."""
    best: str | None = None
    for prefix in prefixes:
        stem = prefix.rstrip("/")
        inside = path == stem or path.startswith(stem + "/")
        if inside and (best is None or len(stem) > len(best.rstrip("/"))):
            best = prefix
    return best


def is_local(path: str) -> bool:
    """Whether the path is one of the image or the pod itself: /tmp, /usr/bin/python."""
    parts = path.split("/", 2)
    return len(parts) < 2 or not parts[1] or (parts[1] in LOCAL_FOLDERS and not _SITES.fullmatch(path))


def top_folder(path: str) -> str:
    """The first two components, by which paths are asked for: /scratch/lab of /scratch/lab/data/x.

    One where the second is not known before the job runs, or is a file: /scratch of /scratch/$USER/x. Nothing
    expands the path of a mount.
    """
    parts = path.strip("/").split("/")
    if len(parts) > 1 and (_OPEN.search(parts[1]) or (len(parts) == 2 and "." in parts[1])):
        del parts[1:]
    return "/" + "/".join(parts[:2])


def mounted(request: ConversionRequest) -> list[tuple[str, Volume]]:
    """The site's volumes that this script needs, by path: those of its paths and of the folder it starts in."""
    known = request.target.site.volumes
    streams = (request.job.options.get(name, "") for name in ("input", "output", "error"))  # the prelude opens them
    answers = (*request.target.variables.values(), *request.target.arguments)
    wanted = (*paths(request), *streams, request.target.working_directory, *request.target.mounts, *answers)
    used = {found for path in wanted if (found := prefix_of(path, known)) is not None}
    return [(path, known[path]) for path in sorted(used)]


def bound(request: ConversionRequest) -> list[tuple[str, Volume]]:
    """Parts of the site's volumes that the script binds into its container, by their path inside."""
    known = request.target.site.volumes
    found = []
    for binding in bindings(request):
        prefix = prefix_of(binding.source, known)
        if prefix is not None:
            volume = known[prefix]
            part = posixpath.join(volume.sub_path, binding.source[len(prefix.rstrip("/")) :].strip("/"))
            read_only = volume.read_only or binding.read_only
            found.append((binding.inside, Volume(claim=volume.claim, sub_path=part, read_only=read_only)))
    return sorted(found, key=lambda pair: pair[0])


def volumes(request: ConversionRequest) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """``volumes`` of the pod and ``volumeMounts`` of the container, in step."""
    sources: list[dict[str, Any]] = []
    mounts: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    taken = {volume.mount_path or path for path, volume in mounted(request)}
    inside = [(path, volume) for path, volume in bound(request) if path not in taken]
    for path, volume in (*mounted(request), *inside):
        name = names.get(volume.claim)
        if name is None:
            name = names[volume.claim] = f"volume-{len(names) + 1}"
            sources.append({"name": name, "persistentVolumeClaim": {"claimName": volume.claim}})
        mounts.append(_mount(name, path, volume))
    if uses_gpus(request):
        # Data loaders pass batches through /dev/shm; Kubernetes gives 64 MiB. It counts against the memory limit.
        sources.append({"name": SHARED_MEMORY, "emptyDir": {"medium": "Memory"}})
        mounts.append({"name": SHARED_MEMORY, "mountPath": "/dev/shm"})  # noqa: S108 - a mount, not a file
    return sources, mounts


def _mount(name: str, path: str, volume: Volume) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": name, "mountPath": volume.mount_path or path}
    if volume.sub_path:
        mount["subPath"] = volume.sub_path
    if volume.read_only:
        mount["readOnly"] = True
    return mount


def inside(path: str, request: ConversionRequest) -> str:
    """Where a path of the old cluster lies in the pod: a volume may be mounted elsewhere."""
    known = request.target.site.volumes
    prefix = prefix_of(path, known)
    if prefix is None or not known[prefix].mount_path:
        return path
    return known[prefix].mount_path.rstrip("/") + path[len(prefix.rstrip("/")) :]


def joined(folder: str, relative: str) -> str:
    """The normal form of a path in a folder: ``.`` is the folder itself."""
    return posixpath.normpath(posixpath.join(folder, relative))
