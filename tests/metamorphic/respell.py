"""Other spellings of a script's header that sbatch reads alike, and a header made from a JobSpec."""

import random
from collections.abc import Iterator, Sequence

from s2r_ci.model import Directive, JobSpec, Script
from s2r_ci.slurm.job import read_script
from s2r_ci.slurm.options import catalogue

TOGETHER = (
    {"mem", "mem-per-cpu", "mem-per-gpu"},
    {"gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "gres", "tres-per-task"},
    {"requeue", "no-requeue"},
    {"exclusive", "oversubscribe"},
    {"wrap", "help", "usage", "version"},
)
"""Options of which a later one may undo an earlier one: their order is kept."""


def directives(script: Script) -> list[Directive] | None:
    """The directives that can be spelled anew; None where the script is no single job, has another system's, or an
    empty word, behind which sbatch does not read on.
    """
    reading = read_script(script)
    if reading.refused or len(reading.jobs) != 1 or len(reading.header.components) != 1:
        return None
    found = list(reading.header.components[0].directives)
    if "" in reading.header.components[0].tokens:
        return None
    return found if found and all(one.origin == "script" for one in found) else None


def respelled(script: Script, found: Sequence[Directive], seed: int) -> Script:
    """The script with its header in another spelling: other names, quotes, order and lines."""
    return with_header(script, found, _header(found, random.Random(seed)))


def components(script: Script) -> list[list[Directive]] | None:
    """The directives of each component of a heterogeneous job that can be spelled anew; None for any other script."""
    reading = read_script(script)
    every = [list(one.directives) for one in reading.header.components]
    spelled = all(found and all(one.origin == "script" for one in found) for found in every)
    return every if len(every) > 1 and spelled and not reading.refused else None


def respelled_components(script: Script, every: Sequence[Sequence[Directive]], seed: int) -> Script:
    """The script with the header of each component in another spelling; the components keep their order."""
    rng = random.Random(seed)
    header = _header(every[0], rng)
    for found in every[1:]:
        header += ["#SBATCH hetjob", *_header(found, rng)]
    return with_header(script, [one for found in every for one in found], header)


def _header(found: Sequence[Directive], rng: random.Random) -> list[str]:
    words = [_spelled(one, rng) for one in _shuffled(found, rng)]
    header: list[str] = []
    while words:
        count = rng.choice((1, 1, 2, 3))
        line = rng.choice((" ", "\t", "   ")).join(words[:count])
        header.append(f"#SBATCH{rng.choice((' ', '  ', chr(9)))}{line}{rng.choice(('', ' # why not', ' '))}")
        if rng.random() < 0.3:
            header.append(rng.choice(("# a remark", "", "#")))
        del words[:count]
    return header


def with_header(script: Script, found: Sequence[Directive], header: Sequence[str]) -> Script:
    """The script with these lines in the place of its directives."""
    lines = script.data.decode("utf-8", "surrogateescape").split("\n")
    first = min(one.location.line for one in found) - 1
    command = (index for index, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    end = next(command, len(lines))
    taken = {index for index, line in enumerate(lines[:end]) if line.startswith("#SBATCH")}
    kept = [line for index, line in enumerate(lines) if index not in taken]
    text = "\n".join([*kept[:first], *header, *kept[first:]])
    return Script(path=script.path, data=text.encode("utf-8", "surrogateescape"))


def _shuffled(found: Sequence[Directive], rng: random.Random) -> list[Directive]:
    """Another order; what stands TOGETHER, or twice, keeps its own."""
    groups: dict[str, list[Directive]] = {}
    for one in found:
        group = next((str(min(names)) for names in TOGETHER if one.name in names), one.name)
        groups.setdefault(group, []).append(one)
    places = [name for name, members in groups.items() for _ in members]
    rng.shuffle(places)
    waiting = {name: iter(members) for name, members in groups.items()}
    return [next(waiting[name]) for name in places]


def _spelled(one: Directive, rng: random.Random) -> str:
    option = catalogue("24.11").names.get(one.name)
    if option is None:  # a site's plug-in brings it
        return f"--{one.name}={_quoted(one.value, rng)}" if one.value else f"--{one.name}"
    short = f"-{option.short}" if option.short else ""
    if option.argument == "none" or (option.argument == "optional" and not one.value):
        return rng.choice([f"--{one.name}", short] if short else [f"--{one.name}"])
    value = _quoted(one.value, rng)
    ways = [f"--{one.name}={value}"]
    if option.argument == "required":
        ways += [f"--{one.name} {value}", *([f"{short} {value}"] if short else [])]
    if short and one.value:
        ways.append(f"{short}{value}")
    return rng.choice(ways)


def _quoted(value: str, rng: random.Random) -> str:
    """The value as one word, as sbatch takes words apart."""
    plain = bool(value) and not set(value) & set(" \t\"'\\#")
    ways = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"']
    if "'" not in value and "\\" not in value:
        ways.append(f"'{value}'")
    if plain:
        ways += [value, value, value[:1] + '"' + value[1:] + '"']
    return rng.choice(ways)


# --- a JobSpec as a header ---------------------------------------------------------------------------------

_FLAGS = {"set"}


def header_of(job: JobSpec) -> Iterator[str]:
    """A line for each thing that the job asks, from its fields where a field holds it, else from its options."""
    resources = job.resources
    fields: dict[str, str | None] = {"job-name": job.name}
    if job.time_limit_s is not None:
        fields["time"] = _time(job.time_limit_s)
    if job.array is not None:
        ids = ",".join(map(str, job.array.ids))
        fields["array"] = ids + (f"%{job.array.throttle}" if job.array.throttle else "")
    if "cpus-per-task" in job.options:
        fields["cpus-per-task"] = str(resources.cpus_per_task)
    if "mem" in job.options and resources.memory_per_node_mib is not None:
        fields["mem"] = f"{resources.memory_per_node_mib}M"
    if resources.tmp_per_node_mib:
        fields["tmp"] = f"{resources.tmp_per_node_mib}M"
    if job.requeue is not None:
        fields["requeue" if job.requeue else "no-requeue"] = None
    if job.hold:
        fields["hold"] = None
    for name, value in job.options.items():
        if name not in fields and name not in ("requeue", "no-requeue", "hold", "tmp"):
            fields[name] = _as_written(name, value)
    for name, text in fields.items():
        yield f"#SBATCH --{name}" if text is None else f"#SBATCH --{name}={_word(text)}"


def _time(seconds: int) -> str:
    if not seconds:
        return "UNLIMITED"
    minutes = seconds // 60
    return f"{minutes // 1440}-{minutes // 60 % 24:02}:{minutes % 60:02}:00"


def _as_written(name: str, value: str) -> str | None:
    """An option's value as a person writes what Slurm made of it; None for a flag."""
    if value in _FLAGS or (name == "exclusive" and value == "exclusive"):
        return None
    if name == "gres":
        return ",".join(part.removeprefix("gres/") for part in value.split(","))
    if name == "open-mode":
        return {"a": "append", "t": "truncate"}[value]
    return value.removesuffix("?") if name.startswith("mem") else value


def _word(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
