"""The judge's strength: every fault and every other spelling of the good manifests is put to it, and counted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from benchmarks.judge import native_policy
from benchmarks.judge.corpus import good
from benchmarks.judge.faults import MIXED, Fault, faults, mixed_up
from benchmarks.judge.native import FORMS
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
STANDARD: Final = ("kubernetes", "kai")
TARGETS: Final = (*STANDARD, *FORMS)
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
    """What came of all, of one target or of several."""

    scores: dict[str, Score] = field(default_factory=lambda: {name: Score() for name in ROWS})
    rules: dict[str, set[str]] = field(default_factory=dict)  # of the policy: the ways in which each was broken
    unnamed: Counter[str] = field(default_factory=Counter)
    manifests: int = 0
    broken: int = 0  # manifests that were broken in every way
    alarms: list[str] = field(default_factory=list)
    spelled: int = 0
    misread: Counter[str] = field(default_factory=Counter)
    standard: bool = True  # the standard kinds, in whose words each rule is broken in ten ways

    @property
    def rate(self) -> float:
        """Caught of all faults of all promises."""
        return self.whole.rate

    @property
    def whole(self) -> Score:
        """All promises together."""
        whole = Score()
        for score in self.scores.values():
            _add(whole, score)
        return whole

    def add(self, other: Strength) -> None:
        """Take in what came of other manifests."""
        for name, score in other.scores.items():
            _add(self.scores[name], score)
        for rule, ways in other.rules.items():
            self.rules.setdefault(rule, set()).update(ways)
        self.unnamed += other.unnamed
        self.misread += other.misread
        self.alarms += other.alarms
        self.manifests += other.manifests
        self.broken += other.broken
        self.spelled += other.spelled


def _add(score: Score, other: Score) -> None:
    score.faults += other.faults
    score.caught += other.caught
    score.alone += other.alone
    score.harmless += other.harmless
    score.missed += other.missed


def measure(
    every: int = 1, *, seed: int = 1, targets: Sequence[str] = TARGETS, jobs: int = 1
) -> dict[str, Strength]:
    """Put the faults of each ``every``-th good manifest of each target, and the spellings of the same, to the judge.

    ``jobs``: processes that are forked, each for some of the manifests.
    """
    pieces = [piece for target in targets for piece in _pieces(target, every, seed)]
    found = {target: Strength(standard=target in STANDARD) for target in targets}
    for target in targets:
        found[target].rules = {rule: set() for rule in (RULES if target in STANDARD else ())}
        for one in good(target):
            found[target].manifests += 1
            if _judged(one.request, one.body):
                found[target].alarms.append(f"{target}: {one.name}")
    for piece, strength in zip(pieces, _each(pieces, jobs), strict=True):
        found[piece.target].add(strength)
    return found


class Piece(NamedTuple):
    """One good manifest of a target, by its place, and the one that is put in its place."""

    target: str
    place: int
    other: int
    policy: bool  # whether the policy's rules are broken in it
    seed: int


def _pieces(target: str, every: int, seed: int) -> Iterator[Piece]:
    count = len(good(target))
    chosen = random.Random(seed).sample(range(count), -(-count // every)) if every > 1 else list(range(count))
    for number, index in enumerate(chosen):
        yield Piece(target, index, chosen[number - 1], number % POLICY_EVERY == 0, seed)


def _each(pieces: Sequence[Piece], jobs: int) -> Iterator[Strength]:
    if jobs < 2:
        yield from map(_of_one, pieces)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as workers:
        yield from workers.map(_of_one, pieces)


def _of_one(piece: Piece) -> Strength:
    """Everything that is done to one manifest."""
    corpus = good(piece.target)
    one, strength = corpus[piece.place], Strength(broken=1)
    for fault in chain(faults(one), mixed_up(one, corpus[piece.other])):
        _count(strength.scores[fault.promise], fault, one.request)
    if piece.policy:
        standard = piece.target in STANDARD
        for way in broken(one) if standard else native_policy.broken(one):
            _count_rule(strength, way, names=standard)
    for name, text in spellings(one, piece.seed):
        strength.spelled += 1
        if any(_grave(judge(one.request, text, "m.yaml"))):
            strength.misread[f"{piece.target}: {name}"] += 1
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
    elif any(_grave(validate(manifest, "m.yaml", target=request.target.name))):
        score.caught += 1
    else:
        score.missed[f"{request.target.name}: {fault.operator}: {fault.place}"] += 1


def _count_rule(strength: Strength, way: Broken, *, names: bool) -> None:
    """``names``: the rule itself has to be told. A form of Run:ai's own has other fields, most of them unknown (P-02)."""
    score, target = strength.scores[POLICY], way.request.target.name
    score.faults += 1
    strength.rules.setdefault(way.rule, set()).add(way.name)
    found = verify(way.request, Manifest(body=way.body), "m.yaml")
    named = any(f.subject == way.rule or f.rule.id in KEPT_BY.get(way.rule, ()) for f in found)
    alone = any(_grave(found)) or named  # P-22 is a warning
    score.alone += alone
    caught = alone or bool(validate(Manifest(body=way.body), "m.yaml", target=target))
    score.caught += caught
    if not caught:
        score.missed[f"{target}: {way.rule} {way.name}"] += 1
    elif names and alone and not named:
        strength.unnamed[f"{target}: {way.rule} {way.name}"] += 1


def _judged(request: ConversionRequest, body: object) -> list[Finding]:
    manifest = Manifest(body=body)
    return [*validate(manifest, "m.yaml", target=request.target.name), *verify(request, manifest, "m.yaml")]


def _grave(findings: Iterable[Finding]) -> Iterator[bool]:
    return (True for finding in findings if finding.rule.level is Level.ERROR)


def table(found: Mapping[str, Strength]) -> Iterator[str]:
    """The published table of all targets together: a row for each promise, then the sum."""
    yield "| promise | faults | caught | | without the schema | no fault |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    strength = together(found)
    for name in ROWS:
        yield _row(name, strength.scores[name])
    yield _row("**all**", strength.whole)


def targets_table(found: Mapping[str, Strength]) -> Iterator[str]:
    """A row for each target: faults, those of the promises of which all have to be caught, false alarms."""
    whole = [name for name in ROWS if name in WHOLE_ROWS]
    columns = [f"{name} ({_target(name)})" for name in ("all", *whole)]
    yield f"| target | {' | '.join(columns)} | false alarms: good manifests | other spellings |"
    yield f"| --- |{' ---: |' * (len(whole) + 3)}"
    for target, strength in found.items():
        scores = [strength.whole, *(strength.scores[name] for name in whole)]
        cells = [f"{score.caught:,} of {score.faults:,}" if score.faults else "none there" for score in scores]
        misread = sum(strength.misread.values())
        cells += [f"{len(strength.alarms)} of {strength.manifests:,}", f"{misread} of {strength.spelled:,}"]
        yield f"| `{target}` | {' | '.join(cells)} |"


def _target(name: str) -> str:
    return f">= {OVERALL:.1%}" if name == "all" else "all"


def together(found: Mapping[str, Strength]) -> Strength:
    """All targets as one."""
    strength = Strength()
    for one in found.values():
        strength.add(one)
    return strength


def _row(name: str, score: Score) -> str:
    alone = score.alone / score.faults if score.faults else 1.0
    return f"| {name} | {score.faults:,} | {score.caught:,} | {_per_cent(score.rate)} | {_per_cent(alone)} | {score.harmless:,} |"


def _per_cent(rate: float) -> str:
    return f"{int(rate * 10_000) / 100:.2f} %"  # never rounded up: 100 % are all


def alarms(found: Mapping[str, Strength]) -> Iterator[str]:
    """How many manifests were broken, and the false alarms, a line each."""
    strength = together(found)
    yield f"Broken in every way: {strength.broken:,} manifests. "
    misread = sum(strength.misread.values())
    yield f"False alarms on good manifests: {len(strength.alarms)} of {strength.manifests:,}. "
    yield f"False alarms on other spellings of them: {misread} of {strength.spelled:,} ({_per_cent(misread / strength.spelled)})."


def troubles(found: Mapping[str, Strength]) -> Iterator[str]:
    """Each target that is missed, of each form."""
    for target, strength in found.items():
        yield from (f"{target}: {trouble}" for trouble in _troubles(strength))


def _troubles(strength: Strength) -> Iterator[str]:
    if strength.rate < OVERALL:
        yield f"{_per_cent(strength.rate)} of all faults are caught"
    for name in WHOLE_ROWS:
        if strength.scores[name].caught < strength.scores[name].faults:
            yield f"{name}: {dict(strength.scores[name].missed.most_common(5))}"
    yield from (
        f"{rule} was broken in {len(ways)} ways only"
        for rule, ways in strength.rules.items()
        if len(ways) < (10 if strength.standard else 1)
    )
    yield from (f"another rule is named: {name}" for name in strength.unnamed)
    yield from (f"a good manifest is refused: {name}" for name in strength.alarms)
    if sum(strength.misread.values()) > MOST_FALSE_ALARMS * strength.spelled:
        yield f"other spellings are refused: {dict(strength.misread)}"
