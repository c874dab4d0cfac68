"""Ask real Slurm how it understands sbatch scripts.

    python -m tools.slurm_oracle.oracle [options] SCRIPT...          one JSON object per script, on stdout
    find . -name '*.sbatch' | python -m tools.slurm_oracle.oracle -  the same, paths read from stdin

Needs what setup.sh builds (Slurm in Debian chroots, controllers on loopback).
Every script goes through the real `sbatch`; nothing is ever run.

A script may have a companion SCRIPT.setup.json:
    {"env": {"NAME": "value"}, "args": ["--option", ...], "files": {"name": "text"}}
(environment and command line for sbatch, files placed in its working directory).

The object printed:
  script       the path as given
  slurm        version that answered
  stage        how far it came:
                 read        refused before directives were looked at (empty, no #!, CRLF, NUL)
                 parse       a directive was refused (no options are known)
                 verify      all directives were read, the set as a whole was refused
                 controller  sbatch sent the job, slurmctld refused it
                 accepted    a job was made
                 test-only   the script asks only for a test; no job is made
  exit         exit status of sbatch (null: killed after a time-out)
  messages     what sbatch said on stderr (its debug lines left out)
  stdout       only when it is not the plain "Submitted batch job"
  components   one per component (1; more for heterogeneous jobs), each with
    tokens     the words sbatch cut out of the directive lines, in order
    options    option name -> value as sbatch holds it after parsing
    request    the job description that reached the controller, unset fields left out
    record     what the controller made of it (node, CPU and task counts and so on)
  submitted_at only for scripts with --begin/--deadline: epoch second of the call (UTC)
"""

import argparse
import concurrent.futures as cf
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from tools.slurm_oracle.sbatch import Answer, Slurm


def ask(
    slurm: Slurm,
    paths: Sequence[str],
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    workers: int = 4,
    verbose: bool = True,
    stop: bool = False,
    chunk: int = 250,
) -> Iterator[Answer]:
    """Yield one result per path, in order."""
    with cf.ThreadPoolExecutor(workers) as pool:
        for i in range(0, len(paths), chunk):
            part = paths[i : i + chunk]
            got = list(pool.map(lambda p: slurm.submit(p, env, args, verbose, stop=stop), part))
            yield from slurm.finish(got)


def main() -> None:
    """The command line."""
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("scripts", nargs="+", help="script paths, or - to read paths from stdin")
    ap.add_argument(
        "--slurm",
        default="trixie",
        help="which: trixie (24.11, default), sid (newest), bookworm (22.05), "
        "all, or a comma list; with several, results come under by_version",
    )
    ap.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    ap.add_argument("--args", default="", help="extra sbatch command line options, space separated")
    ap.add_argument(
        "--strict",
        action="store_true",
        help="leave account, qos, features, nodes, ... in the job, so that the "
        "controller checks them against this (fake) cluster",
    )
    ap.add_argument("--stop", action="store_true", help="stop after option parsing (no controller)")
    ap.add_argument("--no-tokens", action="store_true", help="do not run sbatch with -vvv")
    ap.add_argument("--workers", type=int, default=4)
    ap.add_argument("--time", action="store_true", help="print scripts/s on stderr")
    a = ap.parse_args()
    paths: list[str] = []
    for s in a.scripts:
        paths += sys.stdin.read().splitlines() if s == "-" else [s]
    names = ["bookworm", "trixie", "sid"] if a.slurm == "all" else a.slurm.split(",")
    env = dict(e.split("=", 1) for e in a.env)
    began = time.time()
    streams = []
    for name in names:
        slurm = Slurm(name)
        slurm.strict(a.strict)
        streams.append(ask(slurm, paths, env, a.args.split(), a.workers, not a.no_tokens, a.stop))
    for row in zip(*streams, strict=True):
        if len(row) == 1:
            print(json.dumps(row[0]))
        else:
            print(
                json.dumps(
                    {
                        "script": row[0]["script"],
                        "by_version": {
                            r["slurm"]: {k: v for k, v in r.items() if k not in ("script", "slurm")} for r in row
                        },
                    }
                )
            )
    if a.time:
        took = time.time() - began
        print(
            f"{len(paths)} scripts x {len(names)} in {took:.1f} s = {len(paths) * len(names) / took:.0f} scripts/s",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
