"""The judge's strength: every fault and every other spelling of the good manifests is put to it, and counted."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from benchmarks.judge.corpus import good
from benchmarks.judge.faults import MIXED, Fault, faults, mixed_up
from benchmarks.judge.policy import KEPT_BY, RULES, Broken, broken
from benchmarks.judge.promises import PROMISES, WHOLE
from benchmarks.judge.spellings import spellings
from s2r_ci.judging import judge
from s2r_ci.model import ConversionRequest, Finding, Level, Manifest
from s2r_ci.validate import validate
from s2r_ci.verify import verify

POLICY: Final = "policy"
ROWS: Final = (*PROMISES, MIXED, POLICY)
OVERALL: Final = 0.995
WHOLE_ROWS: Final = WHOLE | {POLICY}
MOST_FALSE_ALARMS: Final = 0.005  # of other spellings; of good manifests none
EVERY: Final = {"tenth": 16, "quarter": 4, "full": 1}
"""Every how many-th good manifest is broken."""


@dataclass(slots=True)
class Score:
    """What came of one promise's faults."""

    faults: int = 0
    caught: int = 0
    alone: int = 0  # by the judge without the schema
    harmless: int = 0  # changes that break no promise; not counted as faults
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Caught of all."""
        return self.caught / self.faults if self.faults else 1.0


@dataclass(slots=True)
class Strength:
    """What came of all."""

    scores: dict[str, Score]
    rules: dict[str, set[str]]  # of the policy: the different ways in which each rule was broken
    unnamed: Counter[str]
    manifests: int = 0
    broken: int = 0  # manifests that were broken in every way
    alarms: list[str] = field(default_factory=list)
    spelled: int = 0
    misread: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Caught of all faults of all promises."""
        every = self.scores.values()
        return sum(score.caught for score in every) / sum(score.faults for score in every)


def measure(every: int = 1, *, seed: int = 1) -> Strength:
    """Put the faults of each ``every``-th good manifest, and the spellings of the same, to the judge."""
    corpus = good()
    strength = Strength(
        scores={name: Score() for name in ROWS}, rules={rule: set() for rule in RULES}, unnamed=Counter()
    )
    for one in corpus:
        strength.manifests += 1
        if _judged(one.request, one.body):
            strength.alarms.append(one.name)
    chosen = random.Random(seed).sample(corpus, -(-len(corpus) // every)) if every > 1 else corpus
    strength.broken = len(chosen)
    for number, one in enumerate(chosen):
        other = chosen[number - 1]
        for fault in chain(faults(one), mixed_up(one, other)):
            _count(strength.scores[fault.promise], fault, one.request)
        if number % POLICY_EVERY == 0:
            for rule in broken(one):
                _count_rule(strength, rule)
        for name, text in spellings(one, seed):
            strength.spelled += 1
            if any(_grave(judge(one.request, text, "m.yaml"))):
                strength.misread[name] += 1
    return strength


POLICY_EVERY: Final = 3  # a rule is broken in the same way in every manifest; a third of them will do


def _count(score: Score, fault: Fault, request: ConversionRequest) -> None:
    if fault.harmless:
        score.harmless += 1
        return
    score.faults += 1
    manifest = Manifest(body=fault.body)
    if any(_grave(verify(request, manifest, "m.yaml"))):
        score.alone += 1
        score.caught += 1
    elif any(_grave(validate(manifest, "m.yaml"))):
        score.caught += 1
    else:
        score.missed[f"{fault.operator}: {fault.place}"] += 1


def _count_rule(strength: Strength, way: Broken) -> None:
    score = strength.scores[POLICY]
    score.faults += 1
    strength.rules.setdefault(way.rule, set()).add(way.name)
    found = verify(way.request, Manifest(body=way.body), "m.yaml")
    named = any(f.subject == way.rule or f.rule.id in KEPT_BY.get(way.rule, ()) for f in found)
    caught = any(_grave(found)) or named  # P-22 is a warning
    score.alone += caught
    score.caught += caught or bool(validate(Manifest(body=way.body), "m.yaml"))
    if not caught:
        score.missed[f"{way.rule} {way.name}"] += 1
    elif not named:
        strength.unnamed[f"{way.rule} {way.name}"] += 1


def _judged(request: ConversionRequest, body: object) -> list[Finding]:
    manifest = Manifest(body=body)
    return [*validate(manifest, "m.yaml"), *verify(request, manifest, "m.yaml")]


def _grave(findings: Iterable[Finding]) -> Iterator[bool]:
    return (True for finding in findings if finding.rule.level is Level.ERROR)


def table(strength: Strength) -> Iterator[str]:
    """The published table: a row for each promise, then the sum."""
    yield "| promise | faults | caught | | without the schema | no fault |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    scores: Mapping[str, Score] = strength.scores
    for name in ROWS:
        yield _row(name, scores[name])
    whole = Score()
    for score in scores.values():
        whole.faults += score.faults
        whole.caught += score.caught
        whole.alone += score.alone
        whole.harmless += score.harmless
    yield _row("**all**", whole)


def _row(name: str, score: Score) -> str:
    alone = score.alone / score.faults if score.faults else 1.0
    return f"| {name} | {score.faults:,} | {score.caught:,} | {_per_cent(score.rate)} | {_per_cent(alone)} | {score.harmless:,} |"


def _per_cent(rate: float) -> str:
    return f"{int(rate * 10_000) / 100:.2f} %"  # never rounded up: 100 % are all


def alarms(strength: Strength) -> Iterator[str]:
    """How many manifests were broken, and the false alarms, a line each."""
    yield f"Broken in every way: {strength.broken:,} manifests. "
    misread = sum(strength.misread.values())
    yield f"False alarms on good manifests: {len(strength.alarms)} of {strength.manifests:,}. "
    yield f"False alarms on other spellings of them: {misread} of {strength.spelled:,} ({_per_cent(misread / strength.spelled)})."


def troubles(strength: Strength) -> Iterator[str]:
    """Each target that is missed."""
    if strength.rate < OVERALL:
        yield f"{_per_cent(strength.rate)} of all faults are caught"
    for name in WHOLE_ROWS:
        if strength.scores[name].caught < strength.scores[name].faults:
            yield f"{name}: {dict(strength.scores[name].missed.most_common(5))}"
    yield from (
        f"{rule} was broken in {len(ways)} ways only" for rule, ways in strength.rules.items() if len(ways) < 10
    )
    yield from (f"another rule is named: {name}" for name in strength.unnamed)
    yield from (f"a good manifest is refused: {name}" for name in strength.alarms)
    if sum(strength.misread.values()) > MOST_FALSE_ALARMS * strength.spelled:
        yield f"other spellings are refused: {dict(strength.misread)}"
