"""How many scripts a second go through the whole walk on one core, and which stage takes what.

The scripts are the examples, with answers; nothing is kept from one round to the next but what a process keeps anyway.
CPU time. The peer reads each manifest's text with PyYAML's C loader and does nothing else, in turns with the walk.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.judge.corpus import FOLDERS, answered, scripts
from benchmarks.table import Row

ROUNDS: Final = {"tenth": 5, "full": 25}
SCRIPTS_A_SECOND: Final = 400
STAGES: Final = ("parse", "convert", "write", "read", "validate", "verify")


def run(scale: str) -> Iterator[Row]:
    """Scripts a second, the share of each stage, and the peer."""
    from s2r_ci.slurm.job import read_script

    subjects = [script for name, script in scripts() if name.startswith("example/")]
    assert len(subjects) > 40, FOLDERS["example"]
    targets = {}
    for script in subjects:
        jobs = read_script(script).jobs
        targets[script.path] = answered(jobs[0]) if len(jobs) == 1 else None
    best: dict[str, float] = dict.fromkeys((*STAGES, "peer"), float("inf"))
    for _ in range(ROUNDS[scale]):
        for name, spent in _round(subjects, targets).items():
            best[name] = min(best[name], spent)
    whole = sum(best[name] for name in STAGES)
    rate = len(subjects) / whole
    yield Row(
        what=f"judge: {len(subjects)} scripts parsed, converted, written, read back, validated and verified",
        own=f"{rate:,.0f}/s", peer=f"C loader alone {len(subjects) / best['peer']:,.0f}/s",
        ratio=f"{best['peer'] / whole:.2f}", target=f">= {SCRIPTS_A_SECOND}/s", kept=rate >= SCRIPTS_A_SECOND,
    )  # fmt: skip
    shares = ", ".join(f"{name} {best[name] / whole:.0%}" for name in STAGES)
    yield Row(what=f"judge: shares: {shares}", own=f"{1000 * whole / len(subjects):.2f} ms a script")


def _round(subjects: list[Any], targets: dict[str, Any]) -> dict[str, float]:
    """CPU seconds of each stage for all scripts; those that cannot be converted are parsed only."""
    import yaml

    from s2r_ci.convert.rules import RulesConverter
    from s2r_ci.errors import ConversionError
    from s2r_ci.model import ConversionRequest
    from s2r_ci.runai.backlinks import backlinks
    from s2r_ci.runai.yaml import read_yaml, write_yaml
    from s2r_ci.slurm.job import read_script
    from s2r_ci.validate import validate
    from s2r_ci.verify import verify

    clock, spent = time.process_time, dict.fromkeys((*STAGES, "peer"), 0.0)
    for script in subjects:
        marks = [clock()]
        reading = read_script(script)
        marks.append(clock())
        spent["parse"] += marks[1] - marks[0]
        if reading.refused or len(reading.jobs) != 1:
            continue
        request = ConversionRequest(script=script, job=reading.jobs[0], target=targets[script.path])
        try:
            result = RulesConverter().convert(request)
        except ConversionError:
            continue
        marks.append(clock())
        text = write_yaml(result.manifest.body, comments=backlinks(result.ledger, result.manifest.body)).encode()
        marks.append(clock())
        manifest = read_yaml(text)
        marks.append(clock())
        validate(manifest, "m.yaml")
        marks.append(clock())
        verify(request, manifest, "m.yaml")
        marks.append(clock())
        yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        marks.append(clock())
        for name, start, end in zip((*STAGES, "peer")[1:], marks[1:], marks[2:], strict=False):
            spent[name] += end - start
    return spent
