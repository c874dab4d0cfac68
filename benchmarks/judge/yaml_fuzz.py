"""Mutated manifests before the judge: no exception that is not ours, none that takes long.

Octets are flipped, cut, doubled and moved, pieces of hostile texts are put in, lines change places. Each text goes
through reader, schema, and judge, and its CPU time is taken.
"""

import random
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.judge.corpus import Good, good
from benchmarks.judge.hostile import cases
from benchmarks.table import Row
from s2r_ci.judging import judge
from s2r_ci.runai.yaml import write_yaml

COUNT: Final = {"tenth": 2_000, "full": 20_000}
LONGEST_S: Final = 0.1
_PIECES: Final = (
    b"&a ", b"*a", b"<<: ", b"!!str ", b"---\n", b"...\n", b"? ", b"- ", b": ", b"{", b"}", b"[", b"]", b"|", b">", b'"', b"'", b"#",
    b"\t", b"\r", b"\0", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"%YAML 1.1\n", b"0x1F", b".inf", b"~", b"\n", b"  ", b"\\u0000", b"null",
)  # fmt: skip


def mutants(count: int, seed: int = 1) -> Iterator[tuple[Good, bytes]]:
    """So many good manifests whose texts were changed; the same seed gives the same ones."""
    rng = random.Random(seed)
    corpus = good()
    texts = [write_yaml(one.body).encode() for one in corpus]
    hostile = [data for _, _, data in cases() if len(data) < 20_000]
    for _ in range(count):
        index = rng.randrange(len(corpus))
        text = texts[index]
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            text = _changed(text, rng, hostile)
        yield corpus[index], text


def _changed(text: bytes, rng: random.Random, hostile: list[bytes]) -> bytes:
    at = rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.choice((1, 1, 2, 5, 40, 400)))
    match rng.randrange(8):
        case 0:
            return text[:at] + bytes([rng.randrange(256)]) + text[end:]
        case 1:
            return text[:at] + text[end:]
        case 2:
            return text[:end] + text[at:]
        case 3:
            return text[:at] + rng.choice(_PIECES) + text[at:]
        case 4:
            return text[:at] + rng.choice(_PIECES) * rng.choice((2, 50, 3000)) + text[at:]
        case 5:
            lines = text.split(b"\n")
            one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[one], lines[two] = lines[two], lines[one]
            return b"\n".join(lines)
        case 6:
            other = rng.choice(hostile)
            start = rng.randrange(len(other) + 1)
            return text[:at] + other[start : start + rng.choice((10, 100, 1000))] + text[at:]
    return text[:at]


def longest(count: int, seed: int = 1) -> tuple[float, int]:
    """The longest CPU time of one text in seconds, and how many texts passed."""
    for one in good()[::40]:
        judge(one.request, write_yaml({**one.body, "x": 1}).encode(), "m.yaml")  # what explains a no is loaded once
    worst, passed = 0.0, 0
    for one, text in mutants(count, seed):
        start = time.process_time()
        found = judge(one.request, text, "m.yaml")
        worst = max(worst, time.process_time() - start)
        passed += not found
    return worst, passed


def run(scale: str) -> Iterator[Row]:
    """One row: an exception ends the benchmark."""
    worst, passed = longest(COUNT[scale])
    yield Row(
        what=f"judge: {COUNT[scale]:,} mutated texts ({passed:,} mean the same), the longest", own=f"{1000 * worst:.0f} ms",
        target=f"<= {1000 * LONGEST_S:.0f} ms", kept=worst <= LONGEST_S,
    )  # fmt: skip
