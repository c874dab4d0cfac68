"""What stands behind the differences that are the site's: the same headers without the words that only a site knows.

::

    python -m tools.slurm_oracle.behind FOLDER SEED...    # FOLDER/SEED holds the answers of compare --seed SEED

A difference that is explained hides all that sbatch would have said afterwards. So each header with such a difference
is put to Slurm once more, without clusters, dependencies, files and the like; what differs then is this reading's.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.slurm_oracle.compare import RELEASES, ask, judge, show
from tools.slurm_oracle.differing import differences, read
from tools.slurm_oracle.explained import explanation
from tools.slurm_oracle.headers import Made, headers

_SITE: Final = re.compile(
    r"(?:(?<=\s)|(?<=SBATCH))(?:--clusters?[= ]\s*\S+|-M\s*\S+|--depend\w*[= ]\s*\S+|-d\s*\S+|--external?\b|"
    r"-F\s*\S+|--nodefil?e?[= ]\s*\S+|--gres-flags?[= ]\s*\S+|--bbf[= ]\s*\S+|--signal[= ]\s*R:\S+|"
    r"--export-f\w*[= ]\s*\S+|--spread-job)(?=\s|$)"
)
_VARIABLES: Final = frozenset({"SBATCH_CLUSTERS", "SLURM_CLUSTERS", "SBATCH_GRES_FLAGS", "SBATCH_SPREAD_JOB"})


def without_site(made: Made) -> Made:
    """The header without the words of which a site decides what they mean."""
    text = _SITE.sub("", made.data.decode("utf-8", "surrogateescape"))
    environ = {name: value for name, value in made.environ.items() if name not in _VARIABLES}
    arguments = _SITE.sub("", " " + "\n".join(made.arguments)).strip(" \n").split("\n") if made.arguments else []
    return Made(text.encode("utf-8", "surrogateescape"), environ, [word for word in arguments if word])


def explained(folder: Path, seed: int, count: int) -> Iterator[Made]:
    """The headers of a seed with a difference that is explained, where they hold a word of the site's."""
    made = list(headers(count, seed))
    numbers = set()
    for release in RELEASES.values():
        with (folder / str(seed) / f"{release}.jsonl").open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                answer = json.loads(line)
                header = read(made[number], number, release, answer.get("submitted_at"))
                if any(map(explanation, differences(number, header, answer, made[number].environ))):
                    numbers.add(number)
    for number in sorted(numbers):
        if (plain := without_site(made[number])) != made[number]:
            yield plain


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--count", type=int, default=1700, help="headers of each seed, as compare was told")
    parser.add_argument("--examples", type=int, default=2, help="shown of every group")
    given = parser.parse_args(argv)
    made = [each for seed in given.seeds for each in explained(given.folder, seed, given.count)]
    with tempfile.TemporaryDirectory() as scratch:
        ask(made, Path(scratch))
        found, stages, agreed = judge(made, Path(scratch))
    left = show(found, made, given.examples)
    print(f"\n{len(made)} headers, {len(agreed)} of {sum(stages.values())} answers agree, {left} differ")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
