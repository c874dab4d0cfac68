"""The judge's strength and speed: ``python -m benchmarks.judge [--scale full] [--missed] [--write]``.

``measure`` puts a fault model to the judge, whose parts are ``corpus`` (good manifests), ``faults`` and ``policy``
(broken ones), ``spellings`` (good ones that look different) and ``promises`` (whose fault it is). ``--write`` puts
the table into ``docs/judge.md``.
"""

from collections.abc import Iterator

from benchmarks.table import Row


def run(scale: str) -> Iterator[Row]:
    """A row for each promise, one each for the sum and the false alarms; then the speed, and the fuzz of the reader."""
    from benchmarks.judge import speed, yaml_fuzz
    from benchmarks.judge.measure import EVERY, MOST_FALSE_ALARMS, OVERALL, ROWS, WHOLE_ROWS, measure, together

    found = measure(EVERY[scale])
    for target, one in found.items():
        yield Row(
            what=f"judge: all faults of the target {target}", own=f"{one.whole.caught:,} of {one.whole.faults:,}",
            target=f">= {OVERALL:.1%}", kept=one.rate >= OVERALL,
        )  # fmt: skip
    strength = together(found)
    for name in ROWS:
        score = strength.scores[name]
        whole = name in WHOLE_ROWS
        yield Row(
            what=f"judge: faults of {name}", own=f"{score.caught:,} of {score.faults:,}", ratio=f"{score.rate:.2%}",
            target="all" if whole else "", kept=score.caught == score.faults if whole else None,
        )  # fmt: skip
    yield Row(
        what="judge: all faults",
        own=f"{strength.rate:.2%}",
        target=f">= {OVERALL:.1%}",
        kept=strength.rate >= OVERALL,
    )
    yield Row(
        what=f"judge: false alarms on {strength.manifests} good manifests", own=str(len(strength.alarms)), target="0",
        kept=not strength.alarms,
    )  # fmt: skip
    misread = sum(strength.misread.values())
    yield Row(
        what=f"judge: false alarms on {strength.spelled:,} other spellings", own=str(misread),
        target=f"<= {MOST_FALSE_ALARMS:.1%}", kept=misread <= MOST_FALSE_ALARMS * strength.spelled,
    )  # fmt: skip
    yield from speed.run(scale)
    yield from yaml_fuzz.run(scale)
