"""What the commands of a comment make of a folder: answers in the tool's own file, and manifests that go with them.

Where the workflow names a service, the words are refined through its conversation; where it has no usable answer, or
there is none, rules read them, if they are plain. What comes of it is judged by the walk that follows, whoever made it.
"""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.called import script_of
from s2r_ci.cli.spoken import MOST_SCRIPTS, Heard, Thread, document, heard, service_of
from s2r_ci.discover import read_file
from s2r_ci.errors import ConversionError
from s2r_ci.frozen import replace
from s2r_ci.model import Script
from s2r_ci.publish.answers_file import NAME, read_answers, write_answers
from s2r_ci.publish.commands import Command, not_kept, with_command
from s2r_ci.render.markdown import code

if TYPE_CHECKING:
    from s2r_ci.asking import Service
    from s2r_ci.model import Report
    from s2r_ci.repository import Place

_OWN: Final = ("result",)
_ASKING: Final = ("wish", "accept", "")


class Wished(NamedTuple):
    """``lost``: the paths whose claim nobody knows. ``remark``: who read the words, as a sentence of the answer."""

    lost: Sequence[str] = ()
    remark: str = ""


class _Folder(NamedTuple):
    """The head's files, and what is asked for them."""

    path: str
    scripts: Sequence[str]
    commands: Sequence[Command]
    given: Mapping[str, Any]

    def place(self) -> "Place":
        """The settings as the files say now."""
        from s2r_ci.repository import place_of

        return place_of({"paths": [self.path], **settings_of(self.given)})

    def script(self, path: str) -> Script:
        """One script of it."""
        return script_of(path, read_of(self.path, path) or b"", lambda name: read_file(self.path, name))


def carry_out(
    folder: str,
    scripts: frozenset[str],
    commands: Sequence[Command],
    given: Mapping[str, Any],
    environ: Mapping[str, str],
    thread: Thread,
) -> Wished:
    """Write answers, and the service's manifests, into the folder. Raises ConversionError and ConfigurationError."""
    asking = [command for command in commands if command.word in _ASKING]
    if not asking:
        return Wished()
    here = _Folder(folder, sorted(scripts), asking, given)
    place = here.place()
    service = service_of(place, environ) if any(each.word != "accept" for each in asking) else None
    if service is None:
        return _by_rules(here)
    try:
        return _by_service(here, service, thread)
    except ConversionError as error:
        if any(not each.word for each in asking) or service.converter.wish.fail:
            raise
        said = f"\nThe service had no usable answer ({code(error.what)}), so rules read the words.\n"
        return _by_rules(here)._replace(remark=said)


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are settings."""
    return {name: value for name, value in given.items() if name not in _OWN}


def read_of(folder: str, path: str) -> bytes | None:
    """A file of the folder; None where there is none."""
    try:
        with open(os.path.join(folder, path), "rb") as file:
            return file.read()
    except OSError:
        return None


def walked(folder: str, given: Mapping[str, Any], environ: Mapping[str, str], *, anew: bool = False) -> "Report":
    """Everything of the folder judged, with ledgers; ``anew``: what needs a manifest is converted by the service, where
    the workflow names one.
    """
    from s2r_ci.repository import place_of
    from s2r_ci.session import details_of, run

    place = place_of({"paths": [folder], **settings_of(given)})
    if anew and environ.get("S2R_API_ENDPOINT", "").strip():
        run(place, verb="write")
    return replace(details_of(place, verb="write"), verb="answer")


# --- by rules -----------------------------------------------------------------------------------------------


def _by_rules(here: _Folder) -> Wished:
    from s2r_ci.slurm.job import read_script

    place = here.place()
    answers, lost = read_answers(read_of(here.path, NAME)), set[str]()
    for path in here.scripts:
        target = place.tree.target_for(path)
        said: dict[str, Any] = dict(answers.get(path, {}))
        for command in here.commands:
            options = (*target.options, *said.get("options", ()))  # GPUs divide over the nodes that were asked for
            jobs = read_script(here.script(path), release=target.slurm_version, arguments=options).jobs
            if len(jobs) == 1:
                said = with_command(command, said, jobs[0])
        lost.update(volume for volume in not_kept(said) if volume not in target.site.volumes)
        answers[path] = {name: value for name, value in said.items() if name != "site"}
    _write(here.path, {NAME: write_answers(answers)})
    return Wished(sorted(lost))


# --- by the service -----------------------------------------------------------------------------------------


def _by_service(here: _Folder, service: "Service", thread: Thread) -> Wished:
    """Ask about every script before anything is written, so that trouble with one leaves all as they were."""
    if len(here.scripts) > MOST_SCRIPTS:
        raise ConversionError(
            f"a comment asks the service about at most {MOST_SCRIPTS} scripts, and these are {len(here.scripts)}",
            hint="pr-grouping = script makes a pull request of each",
        )
    place = here.place()
    answers, lost = read_answers(read_of(here.path, NAME)), set[str]()
    found: dict[str, Heard] = {}
    words = [command.text for command in here.commands if command.word != "accept"]
    for path in here.scripts:
        said = _accepted(here.commands, answers.get(path, {}))
        if (each := heard(service, place, here.script(path), words, thread, said)) is not None:
            found[path], said = each, dict(each.answers)
        known = place.tree.target_for(path).site.volumes
        lost.update(volume for volume in not_kept(said) if volume not in known)
        answers[path] = {name: value for name, value in said.items() if name != "site"}
    _write(here.path, {NAME: write_answers(answers)})
    if lost:
        return Wished(sorted(lost))
    place = here.place()
    made = {
        place.tree.for_script(path).manifest_path(path): document(service, place, each)
        for path, each in found.items()
    }
    _write(here.path, made)
    return Wished(remark="\nThe words were refined by the conversion service.\n")


def _accepted(commands: Sequence[Command], said: Mapping[str, Any]) -> dict[str, Any]:
    for command in commands:
        if command.word == "accept":
            said = with_command(command, said, None)
    return dict(said)


def _write(folder: str, files: Mapping[str, bytes]) -> None:
    from s2r_ci.publish.files import FileStore

    with FileStore(folder) as store:
        for path, data in files.items():
            store.write(path, data)
