"""The least of a generated header on which this reading and Slurm still part.

::

    python -m tools.slurm_oracle.minimise SEED NUMBER RELEASE     # as compare --seed SEED showed it: 312 426 24.11

Lines, words, variables and words of the command line are taken away one at a time, as long as a difference that
nothing explains is left. Every attempt is put to the real sbatch.
"""

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.slurm_oracle.compare import RELEASES, write
from tools.slurm_oracle.dense import dense
from tools.slurm_oracle.differing import differences, looked_into, read
from tools.slurm_oracle.explained import Difference, explanation
from tools.slurm_oracle.headers import Made, headers
from tools.slurm_oracle.oracle import ask
from tools.slurm_oracle.sbatch import Slurm


class Smaller(NamedTuple):
    """A header on which both sides part, and where."""

    made: Made
    differences: list[Difference]


def minimise(made: Made, slurm: Slurm) -> Smaller | None:
    """The header with all taken away that the differences do not need; None where there are none."""
    found = next(_parting([made], slurm), None)
    while found is not None:
        smaller = next(_parting(list(_without_one(found.made)), slurm), None)
        if smaller is None:
            break
        found = smaller
    return found


def _parting(attempts: Sequence[Made], slurm: Slurm) -> Iterator[Smaller]:
    """Those of the headers on which both sides part."""
    release = next(release for name, release in RELEASES.items() if name == slurm.name)
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), number, made) for number, made in enumerate(attempts)]
        for number, (made, answer) in enumerate(zip(attempts, ask(slurm, paths), strict=True)):
            header = read(made, number, release, answer.get("submitted_at"))
            new = list(differences(number, header, answer, made.environ))
            new = new if all(map(explanation, new)) else looked_into(new, made, header, answer)
            left = [each for each in new if not explanation(each)]
            if left:
                yield Smaller(made, left)


def _without_one(made: Made) -> Iterator[Made]:
    """The header without one line, then without one word, and so on; the first line stays."""
    first, *lines = made.data.split(b"\n")
    for at, line in enumerate(lines):
        yield made._replace(data=b"\n".join([first, *lines[:at], *lines[at + 1 :]]))
        words = line.split(b" ")
        for place in range(1, len(words) if len(words) > 2 else 0):
            shorter = b" ".join(words[:place] + words[place + 1 :])
            yield made._replace(data=b"\n".join([first, *lines[:at], shorter, *lines[at + 1 :]]))
    for at in range(len(made.arguments)):
        yield made._replace(arguments=[*made.arguments[:at], *made.arguments[at + 1 :]])
    for gone in made.environ:
        yield made._replace(environ={name: value for name, value in made.environ.items() if name != gone})


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("number", type=int)
    parser.add_argument("release", choices=sorted(RELEASES.values()))
    parser.add_argument("--dense", action="store_true", help="the header is one of compare --dense")
    given = parser.parse_args(argv)
    slurm = Slurm({release: name for name, release in RELEASES.items()}[given.release])
    slurm.strict(False)
    make = dense if given.dense else headers
    made = next(itertools.islice(make(given.number + 1, given.seed), given.number, None))
    found = minimise(made, slurm)
    if found is None:
        print("nothing differs")
        return 0
    print(found.made.data.decode("utf-8", "replace"))
    print(f"environment {dict(found.made.environ)}, command line {list(found.made.arguments)}")
    for each in found.differences:
        print(f"{each.group}: ours {each.ours!r}, Slurm {each.theirs!r}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
