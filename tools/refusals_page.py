"""Writes docs/refusals.md: what sbatch refuses, and what is made of it here.

::

    python -m tools.refusals_page          # part of `make tables`; a test compares
    python -m tools.refusals_page --ask    # put every line to real Slurm, after tools/slurm_oracle/setup.sh

A row holds what sbatch 24.11 says, a line that makes it say so, and why the line is not read as something else; how
it is read where that is said nowhere comes from the reader itself.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from s2r_ci.model import Level, Script
from s2r_ci.slurm.job import read_script

PAGE: Final = Path(__file__).parents[1] / "docs" / "refusals.md"
MARK: Final = " Read here as `#SBATCH "
Row = tuple[str, str, str]

_EITHER: Final = "either may be the one that counts"
_NO_VALUE: Final = "no value of this option is meant for certain"
_NUMBERS: Final = "one of the numbers is wrong, which of them is not said"

# What sbatch says, for example, why it is not read. A line that begins with # stands for itself.
WORDS: Final[tuple[Row, ...]] = (
    ("unrecognized option", "--ndoes=2", ""),
    ("unrecognized option", "--workdir=/x", ""),
    ("unrecognized option", "--bogus=1", "no option is one slip away"),
    ("is ambiguous", "--mem-per=2G", "the names are of equal weight"),
    ("doesn't allow an argument", "--hold=yes", ""),
    ("invalid option --", "-Z", "no option has this letter"),
    ("requires an argument", "--mem", "the value is missing"),
    ("Invalid directive found in batch script", "--nodes=2 two of them", ""),
    ("Invalid directive found in batch script", "–nodes=2", ""),
    ("Invalid directive found in batch script", "--mem=4G (per node)", ""),
    ("Invalid directive found in batch script", "-J my job", "the rest may belong to the value"),
    ("Invalid directive found in batch script", "--time=2 days", "2 are two minutes where the word is a remark"),
    ("Invalid directive found in batch script", "N=2", "what the word belongs to is not known"),
    ("Unmatched", '--comment="open', "where it ends is not known"),
    ("Unexpected `:`", "-t :30", "a part of the time may be missing"),
    ("--uid only permitted by root user", "--uid=1000", "only root may say it, and for whom is not known"),
    ("--gid only permitted by root user", "--gid=1000", "only root may say it, and for whom is not known"),
    ("invalid option --", "#PBS -Z 3", "no option has this letter"),
    ("invalid option --", "#BSUB -R x", "sbatch knows no such option of LSF"),
    ("Invalid argument", "#PBS stray", "what the word belongs to is not known"),
)
VALUES: Final[tuple[Row, ...]] = (
    ("Invalid numeric value", "-n=4", ""),
    ("Invalid numeric value", "--wait-all-nodes=yes", ""),
    ("Invalid numeric value", "--ntasks=two", "a word is no number that could be read safely"),
    ("too large for", "--sockets-per-node=2147483647", "no smaller number is meant for certain"),
    ("is not a valid node count", "-N=4", ""),
    ("is not a valid node count", "--nodes=two", "a word is no number that could be read safely"),
    ("Maximum node count", "--nodes=5-2", "the ends may be swapped, or one of them wrong"),
    ("Invalid --mem specification", "--mem=16GiB", ""),
    ("Invalid --mem specification", "--mem=1.3G", "no whole number of MiB"),
    ("Invalid --mem-per-cpu specification", "--mem-per-cpu=4GiB", ""),
    ("Invalid --mem-per-gpu specification", "--mem-per-gpu=all", _NO_VALUE),
    ("Invalid --tmp specification", "--tmp=10GiB", ""),
    ("Invalid --time specification", "--time=4h", ""),
    ("Invalid --time-min specification", "--time-min=1h", ""),
    ("Invalid --delay-boot specification", "--delay-boot=5m", ""),
    ("Invalid time specification", "--begin=soon", "no moment is meant for certain"),
    ("Invalid time specification", "--deadline=tonight", "no moment is meant for certain"),
    ("Invalid --exclusive specification", "--exclusive=yes", ""),
    ("Invalid --exclusive specification", "--exclusive=no", "nothing, or another option, may be meant"),
    ("Invalid --no-kill specification", "--no-kill=yes", ""),
    ("Invalid --oom-kill-step specification", "--oom-kill-step=yes", ""),
    ("Invalid --kill-on-invalid-dep specification", "--kill-on-invalid-dep=true", ""),
    ("Invalid --kill-on-invalid-dep specification", "--kill-on-invalid-dep=maybe", _NO_VALUE),
    ("Invalid --wait-all-nodes specification", "--wait-all-nodes=2", _NO_VALUE),
    ("Invalid --open-mode specification", "--open-mode=write", "append and truncate both write"),
    ("Invalid --mail-type specification", "--mail-type=DONE", _NO_VALUE),
    ("Invalid --signal specification", "--signal=USR1@90s", _NO_VALUE),
    ("Invalid --distribution specification", "--distribution=random", _NO_VALUE),
    ("Invalid plane size or size not specified", "--distribution=plane", "the size is missing"),
    ("first arg of -B", "--extra-node-info=x", "a word is no number that could be read safely"),
    ("Invalid --get-user-env specification", "--get-user-env=10X", _NO_VALUE),
    ("Invalid --segment specification", "--segment=x", "a word is no number that could be read safely"),
    ("Invalid --nice value, out of range", "--nice=99999999999", "no smaller number is meant for certain"),
    ("Priority must be >= 0", "--priority=-5", "a sign too many, or --nice, may be meant"),
    ("Priority must be < 4294967294", "--priority=4294967295", "no smaller number is meant for certain"),
    ("unrecognized --cpu-freq argument", "--cpu-freq=fast", _NO_VALUE),
    ("Invalid --gpu-freq argument", "--gpu-freq=fast", _NO_VALUE),
    ("Invalid --gpu-bind argument", "--gpu-bind=v,none", _NO_VALUE),
    ("unrecognized --mem-bind argument", "--mem-bind=fast", _NO_VALUE),
    ("Invalid --acctg-freq specification", "--acctg-freq=soon", _NO_VALUE),
    ("invalid --profile=cpu option", "--profile=cpu", _NO_VALUE),
    ("Invalid --gres-flags specification", "--gres-flags=enforce", _NO_VALUE),
    ("allow-task-sharing is only used with srun", "--gres-flags=allow-task-sharing", "it belongs to the steps"),
)
TOGETHER: Final[tuple[Row, ...]] = (
    ("are mutually exclusive", "--mem=4G --mem-per-cpu=2G", _EITHER),
    ("--exclusive and --oversubscribe options are mutually", "--exclusive --oversubscribe", _EITHER),
    ("--thred-spec options are mutually exclusive", "--core-spec=1 --thread-spec=1", _EITHER),
    ("Cannot specify both --burst-buffer and --bbf", "--bb=x --bbf=y", _EITHER),
    ("--cpus-per-gpu are mutually exclusive", "--cpus-per-gpu=4 --cpus-per-task=2 --gpus=1", _EITHER),
    ("--tres-per-task=cpu= and --cpus-per-task", "--cpus-per-task=2 --tres-per-task=cpu=2", _EITHER),
    ("--tres-per-task=gres/gpu= and", "--tres-per-task=gres/gpu=1 --gpus-per-task=1 --ntasks=2", _EITHER),
    ("mutually exclusive with --ntasks-per-gpu", "--ntasks-per-node=2 --ntasks-per-gpu=1 --gpus=2", _EITHER),
    ("--gpus-per-task is mutually exclusive", "--ntasks-per-gpu=2 --gpus-per-task=1 --ntasks=2", _EITHER),
    ("--gpus-per-socket is mutually", "--ntasks-per-gpu=2 --gpus-per-socket=1 --sockets-per-node=1", _EITHER),
    ("--tres-per-task is mutually exclusive", "--ntasks-per-gpu=2 --tres-per-task=cpu=1", _EITHER),
    ("Inconsistent values set to", "--ntasks-per-gpu=2 --ntasks-per-tres=1 --gpus=2", _EITHER),
    ("--gpus-per-task or --tres-per-task used without", "--gpus-per-task=1", "the number of tasks is not said"),
    ("--tres-per-task used without -n", "--tres-per-task=gres/nic=1", "the number of tasks is not said"),
    ("requires --sockets-per-node", "--gpus-per-socket=1", "the number of sockets is the site's"),
    ("needs either a GRES GPU specification", "--ntasks-per-gpu=2", "the number of GPUs is not said"),
    ("Requested mem_per_tres", "--mem-per-gpu=4G", "the number of GPUs is not said"),
    ("Requested cpus_per_tres", "--cpus-per-gpu=4", "the number of GPUs is not said"),
    ("Invalid TRES for --tres-per-task", "--tres-per-task=mem=4G --ntasks=2", "--mem counts a node, not a task"),
    ("Invalid --tres-per-task=cpu=0", "--tres-per-task=cpu=x --ntasks=2", "the number is missing"),
    ("with and without type", "--gres=gpu:1,gpu:a100:1", "how many of which type is not said"),
    ("Invalid Trackable RESource", "--gres=gpu:2:a100", "type and number may be swapped, or one of them wrong"),
    ("Invalid generic resource", "--gres=gpu:1,shard:2", "whole GPUs or shares of them may be meant"),
    ("has to be a multiple of --ntasks-per-gpu", "--ntasks-per-gpu=2 --ntasks=3", _NUMBERS),
    ("--gpus < -N", "--gpus=2 --nodes=4", _NUMBERS),
    ("Failed to ensure --gpus >=", "--gpus=2 --gpus-per-node=4", _NUMBERS),
    ("doesn't fall between", "--gpus=4 --gpus-per-node=2 --nodes=3", _NUMBERS),
    ("--gpus is not multiple of", "--gpus=3 --gpus-per-node=2", _NUMBERS),
    ("requested tasks differ from -n", "--gpus=4 --gpus-per-task=2 --ntasks=3", _NUMBERS),
    ("--gpus not multiple of --gpus-per-task", "--gpus=4 --gpus-per-task=3", _NUMBERS),
    ("not multiple of --gpus-per-task", "--gpus-per-node=4 --gpus-per-task=3 --ntasks=2", _NUMBERS),
    (
        "differ from --ntasks-per-node",
        "--gpus-per-node=4 --gpus-per-task=2 --ntasks=2 --ntasks-per-node=1",
        _NUMBERS,
    ),
    ("not multiple of --gpus-per-socket", "--gpus-per-node=4 --gpus-per-socket=3 --sockets-per-node=2", _NUMBERS),
    ("number of sockets differ", "--gpus-per-node=4 --gpus-per-socket=2 --sockets-per-node=1", _NUMBERS),
    (
        "--gpus-per-socket not multiple of",
        "--gpus-per-socket=4 --gpus-per-task=3 --ntasks=1 --sockets-per-node=1",
        _NUMBERS,
    ),
    (
        "differ from --ntasks-per-socket",
        "--gpus-per-socket=4 --gpus-per-task=2 --ntasks=2 --ntasks-per-socket=1 --sockets-per-node=1",
        _NUMBERS,
    ),
    ("can not be bigger than --threads-per-core", "--ntasks-per-core=4 --threads-per-core=2", _NUMBERS),
    ("Too few processes for the requested", "--distribution=plane=4 --nodes=4 --ntasks=4", _NUMBERS),
    ("you need to specify a nodelist", "--distribution=arbitrary", "the list is missing"),
    ("incompatible with --distribution", "--distribution=arbitrary --nodes=2 --nodelist=n[1-2]", _EITHER),
    ("Invalid node list specified", "--nodelist=n[1-", "where the bracket ends is not known"),
    ("Incompatible begin and deadline", "--deadline=2031-01-01 --begin=2032-01-01", _EITHER),
    ("unrecognized --hint argument", "--hint=fast", _NO_VALUE),
    ("Bad rlimit name", "--propagate=ALL,NOTHING", _NO_VALUE),
    (
        "Slurmstepd step management must be enabled",
        "--resv-ports=2",
        "`--stepmgr` has to stand beside it, and how many ports there are is the site's",
    ),
)
SENT: Final[tuple[Row, ...]] = (
    (
        "Invalid Trackable RESource",
        "--tres-per-task=gpu=1 --ntasks=2",
        "gres/gpu may be meant, or another resource",
    ),
    ("Invalid Trackable RESource", "--tres-bind=gpu:closest", "gres/gpu may be meant, or another resource"),
    ("Invalid job array specification", "--array=5-1", "the ends may be swapped, or one of them wrong"),
    ("Node count specification invalid", "--array=0-3 --nodes=0", "how many nodes is not said"),
    ("Job dependency problem", "--dependency=afterok:x", "which job is meant is not known"),
    ("Invalid time-min specification", "--time=10 --time-min=20", _EITHER),
    ("Invalid --nice value", "--nice=-5", "operators may say it"),
    ("rebooting of nodes is only allowed for admins", "--reboot", "administrators may say it"),
)
FILES: Final[tuple[tuple[str, str], ...]] = (
    ("Batch script is empty!", r""),
    ("Batch script contains only whitespace!", r" \n\n"),
    ("This does not look like a batch script", r"#SBATCH -n 2\nsrun x\n"),
    ("contain a NULL character", r"#!/bin/bash\n\0\n"),
    ("Batch script contains DOS line breaks", r"#!/bin/bash\r\nsrun x\r\n"),
)
SECTIONS: Final = (
    ("Words that are no options", "sbatch stops at the first of them.", WORDS),
    ("Values", "Each option reads its own.", VALUES),
    ("Options that do not go together", "All directives are read, then looked at together.", TOGETHER),
    ("What the controller refuses", "sbatch sends the job.", SENT),
)
_HEAD: Final = """\
# What sbatch refuses, and what is made of it here

A script that sbatch refuses fails here too, with the line and the way to put it right. Where the line can mean only
one thing, it is also converted as it is meant, and the finding says how it is read; the file is not changed. The
messages are those of Slurm 24.11, grouped by how far sbatch comes before it gives up. A test reads every line of
these tables; `python -m tools.refusals_page --ask` puts them to real Slurm, which has to answer with these words.
"""
_SITE: Final = """\
## Not said here

What only the site knows: which clusters, partitions, accounts, licenses, reservations and generic resources it has,
whether files exist where the job is submitted (`--bbf`, `--export-file`, `--nodelist` with a `/`), and what its
configuration turns off. sbatch may refuse such a script; here it passes.
"""


def script(line: str) -> bytes:
    """The script that holds this line."""
    return f"#!/bin/bash\n{line if line.startswith('#') else f'#SBATCH {line}'}\nsrun x\n".encode()


def file(text: str) -> bytes:
    """The bytes of a file that is written with escapes."""
    return text.encode().decode("unicode_escape").encode("latin-1")


def read_as(line: str) -> str:
    """What the line is read as where sbatch refuses it, or nothing."""
    reading = read_script(Script(path="job.sh", data=script(line)))
    meant = {f.message.partition(MARK)[2] for f in reading.findings if f.level is Level.ERROR}
    return meant.pop()[:-1] if reading.jobs and len(meant) == 1 else ""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, sentence, rows in SECTIONS:
        lines = [f"## {title}\n", f"{sentence}\n", "| sbatch says | for example | read here as | why not |"]
        lines += ["| --- | --- | --- | --- |", *_table(rows)]
        parts.append("\n".join(lines) + "\n")
    lines = ["## Files that are not looked at\n", "| sbatch says | for example |", "| --- | --- |"]
    lines += [f"| {said} | {f'`{text}`' if text else 'no octet'} |" for said, text in FILES]
    return "\n".join([*parts, "\n".join(lines) + "\n", _SITE])


def _table(rows: Sequence[Row]) -> Iterator[str]:
    for said, line, why in rows:
        meant = read_as(line)
        yield f"| {said} | `{line}` | {f'`{meant}`' if meant else ''} | {'' if meant else why} |"


def ask() -> int:
    """Put every line to sbatch 24.11; how many it answers with other words."""
    from tools.slurm_oracle import oracle, sbatch  # they need the chroots

    asked = [(said, script(line)) for _, _, rows in SECTIONS for said, line, _ in rows]
    asked += [(said, file(text)) for said, text in FILES]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.sh" for number in range(len(asked))]
        for path, (_, data) in zip(paths, asked, strict=True):
            path.write_bytes(data)
        answers = oracle.ask(sbatch.Slurm("trixie"), [str(path) for path in paths])
        for (said, data), answer in zip(asked, answers, strict=True):
            if not any(said.replace("`", "") in message.replace("`", "") for message in answer["messages"]):
                wrong += 1
                print(f"{data!r}: {said}, but sbatch says {answer['messages']}", file=sys.stderr)
    print(f"{len(asked)} lines asked, {wrong} answered with other words")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ask", action="store_true", help="put every line to real Slurm")
    if parser.parse_args(argv).ask:
        return int(ask() > 0)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
