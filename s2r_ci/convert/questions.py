"""What rules cannot know and a person can: one question a thing, worded so that one answer serves many scripts."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.convert import contradictions, home, outside, wording
from s2r_ci.convert import site_questions as site
from s2r_ci.model import Item, ItemKind, Location, Question
from s2r_ci.patterns import lazy
from s2r_ci.runai import compute, manifest
from s2r_ci.runai.distribution import PYTORCH, Plan

_POSITION: Final = lazy(r"\$?\{?[1-9][0-9]*\}?")
_ALL_ARGUMENTS: Final = frozenset({"$@", "$*", "$#", "@", "*", "#"})

GIVEN_BY_POD: Final = frozenset(
    {
        "HOME",
        "PATH",
        "SHELL",
        "PWD",
        "HOSTNAME",
        "TMPDIR",
        "LANG",
        "TERM",
        "OLDPWD",
        "UID",
        "EUID",
    }
    | {"LD_LIBRARY_PATH", "PYTHONPATH", "LIBRARY_PATH", "CPATH", "MANPATH", "PKG_CONFIG_PATH", "SECONDS", "RANDOM"}
)
"""Variables that a container has, or that a script may find empty without harm."""

_RELATIVE: Final = lazy(
    rb"(?<![\w/$}.~-])(?:\.{1,2}/|[\w-]+/[\w.-]|[\w-]+\.(?:py|sh|R|r|jl|m|pl|in|inp|txt|csv|tsv|ya?ml|json|toml|env|nml|cfg)\b)"
)


def questions(made: Plan) -> dict[str, Question]:
    """The open questions by key, in the order in which a person would answer them.

    What a person has accepted is not asked again; only the image is, for no pod starts without one.
    """
    accepted = made.request.target.accepted
    found = every_question(made)
    return {key: question for key, question in found.items() if key == "image" or key not in accepted}


def every_question(made: Plan) -> dict[str, Question]:
    """All questions by key, those too that are accepted."""
    found: dict[str, Question] = {}
    for ask in _ASKS:
        for question in ask(made):
            found.setdefault(question.key, question)
    return found


def argument_key(item: Item) -> str:
    """The question that an argument item belongs to: ``arguments`` or ``variable.NAME``; empty for ``$@``."""
    if item.name in _ALL_ARGUMENTS:
        return ""
    if _POSITION.fullmatch(item.name):
        return "arguments"
    return f"variable.{item.name.strip('${}')}"


# --- one function a kind of question -----------------------------------------------------------------------


def _image(made: Plan) -> Iterator[Question]:
    if manifest.image(made.request)[1]:
        return
    kinds = (ItemKind.CONTAINER, ItemKind.MODULE)
    first = next((item.location for item in made.job.inventory if item.kind in kinds), None)
    yield Question(
        key="image",
        text="which container image holds the software that this script uses?",
        location=first or Location(path=made.request.script.path),
        answer='image = "NAME:TAG"',
    )


def _memory(made: Plan) -> Iterator[Question]:
    if compute.memory_mib(made.request):
        return
    said = made.job.resources.memory_per_node_mib
    what = "the script asks for all memory of a node" if said == 0 else "the script says nothing about memory"
    yield Question(
        key="memory",
        text=f"{what}: how much is that in the new cluster (site default memory)?",
        location=wording.place(made, "memory"),
        answer='memory = "32G"',
    )


def _gpus(made: Plan) -> Iterator[Question]:
    body, asked = made.job.body, made.job.resources.gpus_per_node
    if body.uses_gpu and not asked and made.request.target.gpus is None:
        yield Question(
            key="gpus",
            text="the script uses GPUs and no directive asks for one: how many GPUs does it need?",
            location=wording.place(made, "partition"),
            answer=wording.answer(made, "gpus = 1"),
        )


def _whole_node(made: Plan) -> Iterator[Question]:
    asked = made.job.resources
    if asked.exclusive and asked.cpus_per_node == 1 and "cpus-per-task" not in made.job.options:
        yield Question(
            key="whole-node",
            text="--exclusive gives the script all CPUs of a node: how many does it need?",
            location=wording.place(made, "exclusive"),
            answer=wording.answer(made, 'options = ["--cpus-per-task=N"]'),
        )


def _arguments(made: Plan) -> Iterator[Question]:
    target = made.request.target
    for item in made.job.inventory:
        key = argument_key(item) if item.kind is ItemKind.ARGUMENT and not item.value else ""
        if key == "arguments" and not target.arguments:
            yield Question(
                key=key,
                text="the script takes arguments: which ones?",
                location=item.location,
                answer=wording.answer(made, 'arguments = ["..."]'),
            )
        elif key.startswith("variable.") and needs_value(made, item):
            name = key.removeprefix("variable.")
            yield Question(
                key=key,
                text=f"the script uses ${name} and does not set it: what is its value?",
                location=item.location,
                answer=wording.answer(made, f'variables = {{ {name} = "..." }}'),
            )


def needs_value(made: Plan, item: Item) -> bool:
    """Whether a variable from outside has no value: no answer, no ``--export``, no default, not the pod's own."""
    name = item.name.strip("${}")
    known = name in made.request.target.variables or name in made.job.environment
    return not known and not item.value and name not in GIVEN_BY_POD and not name.startswith(("SLURM", "CUDA_"))


def exported(made: Plan) -> tuple[str, ...]:
    """Names that ``--export`` hands over without a value and nothing answers."""
    known = made.request.target.variables.keys() | made.job.environment.keys() | GIVEN_BY_POD
    words = (word for word in made.job.export.split(",") if word not in ("ALL", "NONE", "NIL", ""))
    return tuple(word for word in words if "=" not in word and word not in known)


def _exports(made: Plan) -> Iterator[Question]:
    for name in exported(made):
        yield Question(
            key=f"variable.{name}",
            text=f"--export hands over ${name} from the shell of submission: what is its value?",
            location=wording.place(made, "environment"),
            answer=wording.answer(made, f'variables = {{ {name} = "..." }}'),
        )


def _too_large(made: Plan) -> Iterator[Question]:
    """Slurm spreads over nodes what one cannot hold; where that is said nowhere, one pod would have to."""
    asked, options = made.job.resources, made.job.options
    if made.nodes > 1 or options.keys() & {"nodes", "nodelist"}:
        return
    if asked.gpus_per_node > MOST_GPUS or (asked.tasks > 1 and asked.cpus_per_node > MOST_CPUS):
        what = f"{asked.gpus_per_node} GPUs" if asked.gpus_per_node > MOST_GPUS else f"{asked.cpus_per_node} CPUs"
        yield Question(
            key="nodes",
            text=f"the script asks for {what} and says no number of nodes: over how many shall they spread?",
            location=wording.place(made, "gpus" if asked.gpus_per_node > MOST_GPUS else "tasks"),
            answer=wording.answer(made, 'options = ["--nodes=N"]'),
        )


MOST_GPUS: Final = 8
MOST_CPUS: Final = 64
"""What the nodes of most clusters hold; a pod that asks for more may wait for ever."""


def _working_directory(made: Plan) -> Iterator[Question]:
    if manifest.working_directory(made.request):
        return
    if made.kind == PYTORCH or made.request.target.body_delivery == "mounted" or uses_folder(made):
        yield Question(
            key="working-directory",
            text="the script uses relative paths: in which folder of the container does it start?",
            location=wording.place(made, "working-directory"),
            answer='working-directory = "/PATH"',
        )


def uses_folder(made: Plan) -> bool:
    """Whether the program part names files relative to where it starts, as far as its text shows."""
    text = made.request.script.data
    if b"SLURM_SUBMIT_DIR" in text:
        return True
    lines = (line for line in text.split(b"\n") if not line.lstrip().startswith(b"#"))
    return any(_RELATIVE.search(line) for line in lines)


def _home(made: Plan) -> Iterator[Question]:
    if found := list(home.files(made)):
        answer = wording.answer(made, 'variables = { HOME = "/PATH" }')
        yield Question(key=home.KEY, text=home.text_of(found), location=found[0].location, answer=answer)


def _outside(made: Plan) -> Iterator[Question]:
    for reach in outside.together(outside.reaches(made)):
        yield Question(
            key=reach.key,
            text=reach.text,
            location=reach.location or wording.place(made, "nodes"),
            answer=wording.answer(made, f'accepted = ["{reach.key}"]'),
        )


_ASKS: Final = (
    _image,
    contradictions.images,
    site.place_in_api,
    _memory,
    _gpus,
    contradictions.gpus,
    _whole_node,
    _too_large,
    _arguments,
    _exports,
    _working_directory,
    site.shared_folder,
    site.partitions,
    site.qos,
    site.constraints,
    site.gpu_model,
    site.gres,
    site.topology,
    site.volumes,
    _home,
    _outside,
)
