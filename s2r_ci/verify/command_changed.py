"""command-changed: the script itself runs, byte for byte, with its arguments."""

from collections.abc import Iterator
from posixpath import basename

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import SHELL, Container, Facts, Role


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """What arrives in the container after the kubelet's own substitutions is compared with the file's octets."""
    for role in facts.carriers:
        if role.main is None:
            yield Breach(message="the pod has no container to run the script", subject="command", steps=role.spec)
        elif request.target.body_delivery == "mounted":
            yield from _mounted(request, role.main)
        else:
            yield from _embedded(request, role.main)
    for role in facts.agents:
        yield from _agent(request, role)
    for role in facts.roles:
        if (
            role not in (*facts.carriers, *facts.agents)
            and role.main is not None
            and (role.main.command or role.main.args)
        ):
            message = f"the {role.name} waits for what the launcher starts, and has a command of its own"
            yield _breach(message, role.main, "command")


def _agent(request: ConversionRequest, role: Role) -> Iterator[Breach]:
    """A pod behind the first runs its prelude and nothing else: the script runs once."""
    if role.main is None:
        yield Breach(message="the pod has no container", subject="command", steps=role.spec)
        return
    path = request.script.path
    name = shown(path if request.target.body_delivery == "mounted" else basename(path))
    if role.main.command != SHELL or role.main.args[1:] != (name,):
        message = f"the {role.name} waits for what srun starts on the first node, and runs something of its own"
        yield _breach(message, role.main, "args")


def _embedded(request: ConversionRequest, container: Container) -> Iterator[Breach]:
    if not container.carries:
        said = " ".join(container.command)[:80] or "the image's own command"
        message = f"the container runs {said!r} where {' '.join(SHELL)} with prelude and script belongs"
        yield _breach(message, container, "command")
        return
    if container.script_name != shown(basename(request.script.path)):
        message = f"the script is called {container.script_name[:80]!r} in the container"
        yield _breach(message, container, "args", 1)
    if '"$1"' not in container.prelude:
        yield _breach("the prelude does not take the script from the manifest", container, "args", 0)
    if container.body != request.script.data:
        yield _breach(_difference(request.script.data, container), container, "args", 2)
    yield from _arguments(request, container, container.arguments)


def _mounted(request: ConversionRequest, container: Container) -> Iterator[Breach]:
    """The prelude takes the script from the checkout: its path is ``$0``, and all that follows are arguments."""
    if (
        not container.carries
        or container.script_name != shown(request.script.path)
        or '"$0"' not in container.prelude
    ):
        yield _breach(f"the container does not run {request.script.path} from its checkout", container, "args")
        return
    yield from _arguments(request, container, container.args[2:])


def shown(path: str) -> str:
    """A path as a manifest can hold it: what cannot be printed is a question mark."""
    return "".join(mark if mark.isprintable() else "?" for mark in path)


def _arguments(request: ConversionRequest, container: Container, said: tuple[str, ...]) -> Iterator[Breach]:
    wanted = request.target.arguments
    if said != wanted:
        message = f"the script's arguments are {list(wanted)}, the manifest gives {list(said)}"
        yield _breach(message[:300], container, "args", 3)


def _difference(wanted: bytes, container: Container) -> str:
    body = container.body
    if body is None:
        return "the manifest holds no body of the script that could be read"
    lines = zip(wanted.split(b"\n"), body.split(b"\n"), strict=False)
    number = next((number for number, (one, two) in enumerate(lines, 1) if one != two), 0)
    where = f"they differ in line {number}" if number else f"they are {len(wanted)} and {len(body)} octets long"
    return f"what arrives in the container is not the script {basename(container.script_name)!r} byte for byte: {where}"


def _breach(message: str, container: Container, *steps: str | int) -> Breach:
    return Breach(message=message, subject="command", steps=(*container.steps, *steps))
