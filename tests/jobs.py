"""Jobs made by hand, for tests that need a request and no parser."""

from dataclasses import replace
from typing import Any

from s2r_ci.model import (
    Array,
    Body,
    ConversionRequest,
    Item,
    ItemKind,
    JobSpec,
    Location,
    Resources,
    Script,
    Site,
    Step,
    Target,
)

PATH = "jobs/train.sh"
ANSWERED = Target(image="team/train:1", memory_mib=8192, working_directory="/vols/lab")


def place(line: int = 1) -> Location:
    return Location(path=PATH, line=line)


def item(kind: ItemKind, name: str, value: str = "", line: int = 1) -> Item:
    return Item(kind=kind, name=name, value=value, location=place(line))


def directives(**options: str) -> tuple[Item, ...]:
    named = ((name.replace("_", "-"), value) for name, value in options.items())
    return tuple(item(ItemKind.DIRECTIVE, name, value, line) for line, (name, value) in enumerate(named, 2))


def variables(*names: str) -> tuple[Item, ...]:
    return tuple(item(ItemKind.VARIABLE, name, line=20 + index) for index, name in enumerate(names))


def step(launcher: str, *words: str, within: str = "") -> Step:
    return Step(launcher=launcher, words=(launcher, *words), program=words, location=place(30), within=within)


def job(
    *,
    options: dict[str, str] | None = None,
    items: tuple[Item, ...] = (),
    steps: tuple[Step, ...] = (),
    commands: tuple[str, ...] = (),
    array: tuple[int, ...] = (),
    throttle: int = 0,
    array_text: str = "",
    interpreter: str = "/bin/bash",
    language: str = "shell",
    uses_gpu: bool = False,
    outside: bool = False,
    name: str = "train",
    requeue: bool | None = None,
    hold: bool = False,
    time_limit_s: int | None = 3600,
    environment: dict[str, str] | None = None,
    export: str = "ALL",
    **resources: Any,
) -> JobSpec:
    """A job of one component; keywords without a place of their own are fields of Resources."""
    body = Body(
        interpreter=interpreter,
        language=language,
        steps=steps,
        commands=(*commands, *(one.launcher for one in steps)),
        runs_outside_steps=outside,
        uses_gpu=uses_gpu,
    )
    return JobSpec(
        name=name,
        body=body,
        resources=replace(Resources(), **resources),
        time_limit_s=time_limit_s,
        array=Array(ids=array, throttle=throttle, text=array_text) if array else None,
        requeue=requeue,
        hold=hold,
        environment=environment or {},
        export=export,
        options=options or {},
        inventory=(*directives(**(options or {})), *items),
    )


def request(
    made: JobSpec, text: str | bytes = "#!/bin/bash\ntrue\n", target: Target = ANSWERED, site: Site | None = None
) -> ConversionRequest:
    data = text.encode() if isinstance(text, str) else text
    where = target if site is None else replace(target, site=site)
    return ConversionRequest(script=Script(path=PATH, data=data), job=made, target=where)
