"""What a repository asks for, added up: the inventory and the forecast of a move, before anything is written."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from s2r_ci.model import Candidate, ItemKind, JobSpec, Outcome, Question, Report, Target, Verdict
from s2r_ci.render.audit import AuditSummary

_SECONDS_AN_HOUR: Final = 3600
_TABLES: Final = {  # what the key of a question begins with -> table of the site map, and a line to fill in
    "partition": ("partitions", '["NODE-POOL"]'),
    "account": ("accounts", '"RUNAI-PROJECT"'),
    "qos": ("qos", '{ priority = "high", preemptibility = "non-preemptible" }'),
    "gpu-model": ("gpus", '{ "nvidia.com/gpu.product" = "PRODUCT" }'),
    "constraint": ("features", '{ "LABEL" = "VALUE" }'),
    "module": ("modules", '"registry.example.com/IMAGE:TAG"'),
    "volume": ("volumes", '{ claim = "CLAIM" }'),
    "gres": ("gres", '"VENDOR/NAME"'),
}
_BLANKS: Final = dict(_TABLES.values())


def summarise(report: Report, others: Iterable[Candidate], target: Target) -> AuditSummary:
    """Add up a report made with details (ledger and jobs)."""
    classes = Counter(other.script_class.value for other in others)
    questions = _questions(report)
    unmapped = _unmapped(report, target)
    return AuditSummary(
        scripts=len(report.verdicts),
        by_rule=sum(v.outcome is Outcome.PASSED for v in report.verdicts),
        need_answer=sum(v.outcome is Outcome.REVIEW for v in report.verdicts),
        refused=sum(v.outcome in (Outcome.FAILED, Outcome.ERRORED) for v in report.verdicts),
        others=dict(sorted(classes.items())),
        questions=questions,
        resources=_resources(job for verdict in report.verdicts for job in verdict.jobs),
        unmapped=unmapped,
        site_map=site_map(unmapped),
        classes=tuple(others),
    )


def _questions(report: Report) -> tuple[tuple[str, str, str, int], ...]:
    """Each question once, with the number of scripts that one answer would serve, most first."""
    scripts: Counter[str] = Counter()
    first: dict[str, Question] = {}
    for verdict in report.verdicts:
        for question in {q.key: q for q in verdict.questions}.values():
            scripts[question.key] += 1
            first.setdefault(question.key, question)
    return tuple((key, first[key].text, first[key].answer, count) for key, count in _most_first(scripts))


def _resources(jobs: Iterable[JobSpec]) -> dict[str, float]:
    """What all jobs together ask for, array tasks counted one by one; hours by the time limits."""
    total = Counter[str]()
    for job in jobs:
        runs = len(job.array.ids) if job.array else 1
        asked = job.resources
        total["jobs"] += runs
        total["gpus"] += runs * asked.gpus
        total["cpus"] += runs * asked.nodes * asked.cpus_per_node
        total["memory_mib"] += runs * asked.nodes * (asked.memory_per_node_mib or 0)
        total["gpu_seconds"] += runs * asked.gpus * (job.time_limit_s or 0)
    return {
        "jobs": float(total["jobs"]),
        "gpus": float(total["gpus"]),
        "cpus": float(total["cpus"]),
        "memory_gib": round(total["memory_mib"] / 1024, 1),
        "gpu_hours": round(total["gpu_seconds"] / _SECONDS_AN_HOUR, 1),
    }


def _unmapped(report: Report, target: Target) -> dict[str, dict[str, int]]:
    """Names of the old cluster that the site map does not know, with the number of scripts that use them."""
    counts: dict[str, Counter[str]] = {table: Counter() for table, _ in _TABLES.values()}
    for verdict in report.verdicts:
        for table, name in {*_asked(verdict), *_not_asked(verdict.jobs, target)}:
            counts[table][name] += 1
    return {table: dict(_most_first(count)) for table, count in counts.items() if count}


def _asked(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """The names that questions are about: what the conversion asks for is what the site map lacks."""
    for question in verdict.questions:
        kind, _, name = question.key.partition(".")
        if name and kind in _TABLES:
            yield _TABLES[kind][0], name


def _not_asked(jobs: Iterable[JobSpec], target: Target) -> Iterator[tuple[str, str]]:
    """Accounts and modules: a script can do without their entries, a site map is better with them."""
    for job in jobs:
        account = job.options.get("account", "")
        if account and not target.project and account not in target.site.accounts:
            yield "accounts", account
        for item in job.inventory:
            if item.kind is ItemKind.MODULE and item.name in ("module", "ml"):
                for name in _modules(item.value):
                    if not {name, name.partition("/")[0]} & target.site.modules.keys():
                        yield "modules", name


def _most_first(count: Counter[str]) -> list[tuple[str, int]]:
    return sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))


def _modules(text: str) -> list[str]:
    """The names in ``load gcc openmpi``; nothing for ``purge`` and its like."""
    words = text.split()
    if words and words[0] in ("purge", "use", "unuse", "unload", "rm", "avail", "list", "swap", "reset", "restore"):
        return []
    return [word for word in words if word not in ("module", "ml", "load", "add") and not word.startswith("-")]


def site_map(unmapped: Mapping[str, Mapping[str, int]]) -> str:
    """A site map in TOML, ready to be filled in: every name that is used and not mapped yet."""
    lines: list[str] = []
    for table, names in unmapped.items():
        lines.append(f"[tool.s2r-ci.site.{table}]")
        lines += [f"{_key(name)} = {_BLANKS[table]}  # {_scripts(count)}" for name, count in names.items()]
        lines.append("")
    return "\n".join(lines)


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if plain else json.dumps(name)


def _scripts(count: int) -> str:
    return f"{count} script{'s' if count != 1 else ''}"
