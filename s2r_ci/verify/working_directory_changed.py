"""working-directory-changed: the script starts in the folder that it, or the settings, name."""

from collections.abc import Iterator
from posixpath import join, normpath

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """``--chdir`` first, read from the settings' folder where it is relative; a moved volume moves the folder."""
    wanted = _wanted(request)
    places = {normpath(place) for place in (wanted, _moved(wanted, request))}
    for role in facts.roles:
        if role.main is not None and normpath(role.main.working_directory) not in places:
            asked = f"the script starts in {wanted}" if wanted else "neither script nor settings name a folder"
            message = f"{asked}, the manifest in {role.main.working_directory or 'the folder of the image'}"
            steps = (*role.main.steps, "workingDir")
            yield Breach(message=message, subject="working-directory", steps=steps)


def _wanted(request: ConversionRequest) -> str:
    chosen = request.job.options.get("chdir", "")
    default = request.target.working_directory
    if not chosen or chosen.startswith("/"):
        return chosen or default
    return normpath(join(default, chosen)) if default else ""


def _moved(path: str, request: ConversionRequest) -> str:
    """The path inside the container, where the site mounts its volume elsewhere."""
    volumes = request.target.site.volumes
    inside = [host for host in volumes if path == host.rstrip("/") or path.startswith(host.rstrip("/") + "/")]
    if not inside:
        return path
    host = max(inside, key=lambda known: len(known.rstrip("/")))
    return (volumes[host].mount_path or host).rstrip("/") + path[len(host.rstrip("/")) :]
