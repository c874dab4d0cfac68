"""Where every item of a script ended: one entry an item, with the field it went to and one sentence why."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from s2r_ci.convert import called, contradictions, home, outside, readonly
from s2r_ci.convert.answers import ASK, EXACT, LOST, NEAR, Answer
from s2r_ci.convert.options import OPTIONS, ignorable
from s2r_ci.convert.questions import GIVEN_BY_POD, argument_key, every_question
from s2r_ci.convert.site_questions import unmounted
from s2r_ci.model import Inner, Item, ItemKind, LedgerEntry, Location, Question
from s2r_ci.runai import manifest, storage
from s2r_ci.runai.distribution import MPI, PYTORCH, TORCH_LAUNCHERS, Plan
from s2r_ci.runai.environment import variable

Asked = Mapping[str, Question]


class _Book(NamedTuple):
    """What the entries of one script have in common."""

    made: Plan
    asked: Asked
    counts: Mapping[str, Location]  # option -> the line that counts


def ledger(made: Plan, asked: Asked) -> tuple[LedgerEntry, ...]:
    """One entry for each item of the inventory, in its order."""
    book = _Book(made, asked, _last_lines(made))
    unanswered = book._replace(asked=every_question(made)) if made.request.target.accepted else book
    return tuple(_entry(item, book, unanswered) for item in made.job.inventory)


def _entry(item: Item, book: _Book, unanswered: _Book) -> LedgerEntry:
    """``unanswered`` is the book as it would be if nothing were accepted."""
    end = _KINDS[item.kind](item, unanswered)
    if end[0] is ASK and unanswered is not book:
        now = _KINDS[item.kind](item, book)
        if now[0] is not ASK:
            end = now if now[0] is LOST else Answer(NEAR, "", "a person has looked at it and takes it as it is")
    return LedgerEntry(item=item, disposition=end[0], field=end[1], reason=end[2])


def _last_lines(made: Plan) -> dict[str, Location]:
    return {item.name: item.location for item in made.job.inventory if item.kind is ItemKind.DIRECTIVE}


def _directive(item: Item, book: _Book) -> Answer:
    if book.counts[item.name] != item.location:
        return Answer(EXACT, "", "a later line counts instead")
    if readonly.KEY in book.asked and item.name in readonly.STREAMS:
        for path, location in readonly.writes(book.made).items():
            if location.line == item.location.line:
                return Answer(ASK, "", readonly.text_of(path, book.made))
    rule = OPTIONS.get(item.name)
    if rule is None:
        return ignorable(item.name)
    return rule(item, book.made, book.asked)


def _variable(item: Item, book: _Book) -> Answer:
    found = variable(item.name, book.made)
    if found.disposition is LOST:
        return Answer(LOST, "", found.reason)
    if found.value is not None:
        return Answer(found.disposition, f"{_main(book.made)}.env.{item.name}", found.reason)
    where = f"{_main(book.made)}.args[0]" if found.runtime else ""
    return Answer(found.disposition, where, found.reason)


def _launcher(item: Item, book: _Book) -> Answer:
    made, field = book.made, f"{_main(book.made)}.args"
    if outside.logs_in(item, made):
        key = outside.key_of(item)
        lost = "pods take no ssh logins"
        return Answer(ASK, "", book.asked[key].text) if key in book.asked else Answer(LOST, "", lost)
    if item.name == "srun":
        return _srun(made, field)
    if made.kind == PYTORCH and item.name in TORCH_LAUNCHERS:
        return Answer(EXACT, field, "runs where the script starts it: in the first pod, or by srun in all of them")
    if made.kind == MPI and item.name in ("mpirun", "mpiexec"):
        return Answer(EXACT, field, "runs in the launcher; the operator hands it the list of hosts")
    if item.name == "ray" and "ray-cluster" in book.asked:
        return Answer(ASK, field, book.asked["ray-cluster"].text)
    return Answer(EXACT, field, "runs as it is")


def _srun(made: Plan, field: str) -> Answer:
    if made.kind == MPI:
        return Answer(NEAR, field, "the prelude's srun hands the ranks to mpirun, which the image has to hold")
    if made.kind == PYTORCH:
        return Answer(
            NEAR, field, "the prelude's srun starts the ranks in all pods, which share the working directory"
        )
    if made.job.resources.tasks > 1:
        return Answer(NEAR, field, "the prelude's srun starts the ranks side by side, without binding them to CPUs")
    return Answer(EXACT, field, "the prelude's srun starts the program in the pod")


def _module(item: Item, book: _Book) -> Answer:
    field = f"{_main(book.made)}.image"
    named, origin = manifest.image(book.made.request)
    if item.value in ("purge", "reset", "list", "avail") or item.value.startswith("use"):
        return Answer(NEAR, "", "an image has no modules to arrange")
    if item.name == "source":
        return _source(item, book)
    if not origin:
        return Answer(ASK, field, "the image has to hold this software")
    if contradictions.IMAGES in book.asked and manifest.module_image(
        item.value, book.made.request.target.site.modules
    ):
        return Answer(ASK, field, book.asked[contradictions.IMAGES].text)
    if origin == "module" and manifest.module_image(item.value, book.made.request.target.site.modules) == named:
        return Answer(EXACT, field, f"the site map says that {named} holds it")
    if item.name in ("conda", "venv", "spack"):
        return Answer(NEAR, field, "runs as it is; the image or a volume has to hold the environment")
    return Answer(NEAR, field, f"the image {named} has to hold this software")


def _source(item: Item, book: _Book) -> Answer:
    if (inner := called.at(item, book.made)) and inner.path:
        return _inner(inner, "read from", book)
    if item.value.startswith(("~", "$HOME", "${HOME}")):
        return _at_home(item, "read from", book)
    if item.value.startswith("/"):
        return _path(Item(kind=ItemKind.PATH, name=item.value, value="", location=item.location), book)
    return _in_folder(book, "read from the folder in which the script starts")


def _call(item: Item, book: _Book) -> Answer:
    inner = called.at(item, book.made)
    if inner is None or not inner.path:
        return _in_folder(
            book, f"runs {item.name}, which the repository does not hold, so that nobody looked into it"
        )
    return _inner(inner, "runs", book)


def _inner(inner: Inner, how: str, book: _Book) -> Answer:
    """A file that is no part of the manifest: what in it waits for an answer, and where it has to lie."""
    if inner.needs and called.KEY in book.asked:
        return Answer(ASK, "", called.needs(inner))
    return _in_folder(book, f"{how} {inner.path}, which is no part of the manifest{called.remark(inner)}")


def _in_folder(book: _Book, reason: str) -> Answer:
    if "working-directory" in book.asked:
        return Answer(ASK, f"{_main(book.made)}.workingDir", book.asked["working-directory"].text)
    return Answer(NEAR, f"{_main(book.made)}.workingDir", reason)


def _container(item: Item, book: _Book) -> Answer:
    field = f"{_main(book.made)}.image"
    named, origin = manifest.image(book.made.request)
    if key := outside.key_of(item):
        lost = outside.ENGINE_LOST.format(name=item.name)
        return Answer(ASK, "", book.asked[key].text) if key in book.asked else Answer(LOST, "", lost)
    if not origin:
        return Answer(ASK, field, "the image is a file or unknown; which image stands for it?")
    if contradictions.IMAGES in book.asked:
        return Answer(ASK, field, book.asked[contradictions.IMAGES].text)
    if named == manifest.container_image(item.value):
        return Answer(EXACT, field, "the pod runs this image")
    return Answer(NEAR, field, f"the image {named} stands for it")


def _path(item: Item, book: _Book) -> Answer:
    volumes = book.made.request.target.site.volumes
    if not item.name.startswith("/"):
        return _at_home(item, "in", book)
    if storage.is_local(item.name):
        return Answer(NEAR, "", "taken from the image or the pod itself")
    if unmounted(book.made, item.name):
        question = book.asked.get(f"volume.{storage.top_folder(item.name)}")
        if question is None:
            return Answer(NEAR, "", "on no volume; a person takes that as it is")
        return Answer(ASK, f"{_main(book.made)}.volumeMounts", question.text)
    prefix = storage.prefix_of(item.name, volumes)
    if prefix is None:
        return Answer(NEAR, "", "a folder of the container, where the script binds one of its own")
    volume = volumes[prefix]
    if volume.read_only and item.name.rstrip("/") in readonly.writes(book.made):
        if readonly.KEY in book.asked:
            return Answer(ASK, f"{_main(book.made)}.volumeMounts", readonly.text_of(item.name, book.made))
        return Answer(
            NEAR, f"{_main(book.made)}.volumeMounts", f"on the volume {volume.claim}, which cannot be written"
        )
    if volume.mount_path not in ("", prefix):
        return Answer(
            NEAR, f"{_main(book.made)}.volumeMounts", f"its volume is mounted at {volume.mount_path} instead"
        )
    if other := _within(item.value, book.made):
        hides = (
            f"on the volume {volume.claim}; bound to {item.value}, it hides what the volume of {other} has there"
        )
        return Answer(NEAR, f"{_main(book.made)}.volumeMounts", hides)
    return Answer(EXACT, f"{_main(book.made)}.volumeMounts", f"on the volume {volume.claim}")


def _within(inside: str, made: Plan) -> str:
    """The mount that holds the place to which a folder is bound; empty where none does."""
    places = [volume.mount_path or path for path, volume in storage.mounted(made.request)]
    found = storage.prefix_of(inside.rstrip("/"), places) if inside else None
    return found if found and found.rstrip("/") != inside.rstrip("/") else ""


def _at_home(item: Item, how: str, book: _Book) -> Answer:
    if home.KEY in book.asked and item in (asked := list(home.files(book.made))):
        return Answer(ASK, "", home.text_of(asked))
    if "HOME" in book.made.request.target.variables:
        return Answer(NEAR, f"{_main(book.made)}.env.HOME", "in the home folder that the settings name")
    return Answer(NEAR, "", f"{how} the home folder of the image, where there is one")


def _argument(item: Item, book: _Book) -> Answer:
    target = book.made.request.target
    key = argument_key(item)
    if key in book.asked and not item.value:
        return Answer(ASK, "", book.asked[key].text)
    if not key.startswith("variable."):
        field = f"{_main(book.made)}.args"
        if target.arguments:
            return Answer(EXACT, field, "the settings give the arguments")
        return Answer(NEAR, field, "the script is started without arguments")
    return _named(key.removeprefix("variable."), item, book)


def _named(name: str, item: Item, book: _Book) -> Answer:
    if name in book.made.request.target.decisions.variables:
        return Answer(NEAR, f"{_main(book.made)}.env.{name}", "a model took the value from the script")
    if name in book.made.request.target.variables or name in book.made.job.environment:
        return Answer(EXACT, f"{_main(book.made)}.env.{name}", "settings or --export give the value")
    if name.startswith(("SLURM", "CUDA_")):
        return _variable(Item(kind=ItemKind.VARIABLE, name=name, value="", location=item.location), book)
    if item.value:
        return Answer(NEAR, "", f"nothing sets it, so the script's own default counts: {item.value}")
    known = "the container's own value counts" if name in GIVEN_BY_POD else "nothing sets it; it stays unset"
    return Answer(NEAR, "", known)


def _command(item: Item, book: _Book) -> Answer:
    field = f"{_main(book.made)}.args[0]"
    words = item.value.split()
    if outside.requeued_by_prelude(item, book.made):
        return Answer(
            NEAR, field, "the prelude's scontrol ends the pod with status 143, after which it is started again"
        )
    reach = outside.reach_of(item)
    key = reach.key if reach else ""
    if reach and key in book.asked:
        return Answer(ASK, "", reach.text)  # of this command; the question may name others too
    if item.name == "scontrol" and any(word.startswith("host") for word in words[:4]):
        return Answer(NEAR, field, "the prelude's scontrol prints the names of the pods")
    if item.name == "scontrol" and "requeue" in words:
        return Answer(
            LOST, "", "a pod cannot put itself back into the queue; end with status 143 to be started again"
        )
    if item.name == "scontrol" and not key:
        return Answer(NEAR, field, "the prelude's scontrol says what a pod knows of its job")
    if item.name == "scontrol":
        return Answer(LOST, "", "there is no Slurm controller to ask")
    return Answer(LOST, "", _COMMANDS.get(item.name, f"there is no Slurm to answer {item.name}"))


_COMMANDS: Final = {
    "sbatch": "a pod has no right to send jobs; let CI or a workflow engine send the next one",
    "ssh": "pods take no ssh logins",
    "pdsh": "pods take no ssh logins",
    "scp": "pods take no ssh logins",
    "nextflow": "it sends jobs of its own to Slurm; give it an executor for Kubernetes",
    "snakemake": "it sends jobs of its own to Slurm; give it an executor for Kubernetes",
    "sbcast": "there is one file system to a pod; copy with cp",
    "scancel": "there is no Slurm to cancel jobs",
    "squeue": "there is no Slurm queue to look at",
    "sacct": "there is no Slurm accounting to look at",
}


def _main(made: Plan) -> str:
    return f"{made.runner}.spec.containers[0]"


_KINDS: Final[Mapping[ItemKind, Callable[[Item, _Book], Answer]]] = {
    ItemKind.DIRECTIVE: _directive,
    ItemKind.VARIABLE: _variable,
    ItemKind.LAUNCHER: _launcher,
    ItemKind.MODULE: _module,
    ItemKind.CONTAINER: _container,
    ItemKind.PATH: _path,
    ItemKind.ARGUMENT: _argument,
    ItemKind.CALL: _call,
    ItemKind.COMMAND: _command,
}
