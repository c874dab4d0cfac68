"""The words of the command line. Each option has the name of its setting; what is not given is left out, so that
the layers below (environment, file, defaults) can speak.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from s2r_ci.cli import VERBS
from s2r_ci.errors import ConfigurationError

EXIT_CODES: Final = """exit codes:
  0   every script passed or waits for review, or there is none
  1   a finding at or above --fail-on
  2   arguments or settings are wrong
  3   incomplete: something was kept from being checked
  4   a manifest was refused by policy
  5   the report could not be published
  6   the quota is used up, the rest is left for the next run
  70  a bug in s2r-ci
  130, 143  interrupted"""

FORMATS: Final = "text, json, github, sarif, junit, markdown, gitlab"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise ConfigurationError(message, hint=f"see `{self.prog} --help`")


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. argparse makes one for every option and would ask shutil, which loads all archives."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


@cache
def _columns() -> int:
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size().columns or 80
    except OSError:
        return 80


def parser(verb: str, what: str) -> argparse.ArgumentParser:
    """A parser for one verb, without options."""
    made = _Parser(
        prog="s2r-scan" if verb == "check" else f"s2r-scan {verb}",
        description=what,
        epilog=_epilog(verb),
        formatter_class=_Help,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    made.add_argument("--config", metavar="FILE", help="read the settings from this file")
    made.add_argument("--quiet", action="store_true", help="print findings and the last line only")
    made.add_argument("--verbose", action="store_true", help="print notes and the ledger too")
    made.add_argument("--color", choices=["auto", "always", "never"], help="colour the text (default: auto)")
    return made


def _epilog(verb: str) -> str:
    if verb != "check":
        return EXIT_CODES
    verbs = "\n".join(f"  {name:9} {what}" for name, what in VERBS.items())
    return f"verbs:\n{verbs}\n\n`s2r-scan VERB --help` tells more of each; `s2r-scan --version`.\n\n{EXIT_CODES}"


def add_paths(made: argparse.ArgumentParser) -> None:
    """Which files a run looks at."""
    made.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the repository)")
    files = made.add_argument_group("which files")
    files.add_argument("--include", action="append", metavar="GLOB", help="only files that match (repeatable)")
    files.add_argument("--exclude", action="append", metavar="GLOB", help="no files that match (repeatable)")
    files.add_argument("--files-from", metavar="FILE", help="read NUL-separated file names; - is standard input")
    files.add_argument("--changed-since", metavar="REV", help="only files changed since this revision")
    files.add_argument("--max-files", type=int, metavar="N", help="stop above this many files")
    files.add_argument("--max-scripts", type=int, metavar="N", help="stop above this many scripts")


def add_report(made: argparse.ArgumentParser) -> None:
    """What a run prints, and when it fails."""
    report = made.add_argument_group("report")
    report.add_argument(
        "--format", action="append", metavar="WORD[=FILE]", help=f"{FORMATS}; repeatable, =FILE writes a file"
    )
    report.add_argument(
        "--fail-on", choices=["note", "warning", "error"], help="fail from here on (default: error)"
    )
    report.add_argument("--baseline", metavar="FILE", help="an earlier JSON report: fail only on what is new")
    report.add_argument(
        "--overwrite",
        action="store_true",
        help="replace files of others too: reports, and manifests edited by hand",
    )
    report.add_argument("--jobs", type=int, metavar="N", help="processes (default: one a core)")


def add_target(made: argparse.ArgumentParser) -> None:
    """Where the manifests go to."""
    target = made.add_argument_group("target")
    target.add_argument("--target", metavar="WORD", help="kubernetes (default), kai, v2alpha1, rest or cli")
    target.add_argument("--runai-release", metavar="R", help="2.24, 2.25, 2.26 or 3.0")
    target.add_argument(
        "--slurm-version", metavar="V", help="22.05, 24.11 or 26.05: whose sbatch reads the scripts"
    )
    target.add_argument(
        "--converter",
        choices=["auto", "rules", "service"],
        help="who writes (default: auto, the service if set up)",
    )
    target.add_argument("--project", metavar="NAME", help="Run:ai project")
    target.add_argument(
        "--namespace", metavar="NAME", help="Kubernetes namespace, where it must stand in the manifest"
    )
    target.add_argument("--project-id", metavar="ID", help="the project's number in the REST API (target rest)")
    target.add_argument("--cluster-id", metavar="UUID", help="the cluster in the REST API (target rest)")
    target.add_argument("--image", metavar="REF", help="image for scripts that name none")
    target.add_argument("--memory", metavar="SIZE", help="memory for scripts that say nothing, 16G")
    target.add_argument("--working-directory", metavar="PATH", help="folder in the container where scripts start")
    target.add_argument("--shards-per-gpu", type=int, metavar="N", help="how many shards are one GPU")
    target.add_argument("--topology", metavar="NAME", help="the scheduler's Topology object")
    target.add_argument("--topology-level", metavar="LABEL", help="the node label that tells a node's switch")
    target.add_argument(
        "--crd", action="append", metavar="FILE", help="the site's own definition of a kind (repeatable)"
    )
    target.add_argument("--body-delivery", choices=["embedded", "mounted"], help="how the script reaches the pod")
    target.add_argument(
        "--manifest-pattern",
        metavar="P",
        help="name of the manifest (default: {name}.runai.yaml; .sh for target cli)",
    )


def add_pull_requests(made: argparse.ArgumentParser) -> None:
    """How pull requests are made; the token comes by S2R_TOKEN or GITHUB_TOKEN, the repository by GITHUB_REPOSITORY."""
    pulls = made.add_argument_group("pull requests")
    pulls.add_argument("--base", metavar="BRANCH", help="where they go (default: the branch that is checked out)")
    pulls.add_argument("--pr-grouping", choices=["script", "directory", "owner", "all"], help="default: directory")
    pulls.add_argument("--pr-limit", type=int, metavar="N", help="most that may be open at a time; 0: no limit")
    pulls.add_argument("--branch-prefix", metavar="WORD", help="what their branches begin with (default: s2r)")
    pulls.add_argument("--labels", action="append", metavar="LABEL", help="label them (repeatable)")
    pulls.add_argument("--reviewers", action="append", metavar="WHO", help="ask LOGIN or ORG/TEAM (repeatable)")
    pulls.add_argument("--draft", action="store_true", help="open them as drafts")
    pulls.add_argument("--dashboard", action="store_true", help="keep an issue with a check-box for each script")
    pulls.add_argument(
        "--manifests", metavar="DIR", help="take the manifests of this folder, judged anew; write none"
    )
    pulls.add_argument("--result", metavar="FILE", help="say in this JSON file what was done")
    pulls.add_argument("--dry-run", action="store_true", help="show what would be proposed, ask nobody")


def add_service(made: argparse.ArgumentParser) -> None:
    """How the service is asked. Its secret comes by S2R_SHARED_SECRET or S2R_SHARED_SECRET_FILE, never from here."""
    service = made.add_argument_group("conversion service (secret: S2R_SHARED_SECRET)")
    service.add_argument("--api-endpoint", metavar="URL", help="address of the service")
    service.add_argument("--key-id", metavar="ID", help="id of the key that signs")
    service.add_argument("--model", metavar="ALIAS", help="model that the service asks, such as sonnet")
    service.add_argument("--send", choices=["all", "residue"], help="all scripts, or those that rules leave open")
    service.add_argument(
        "--redact", choices=["redact", "refuse"], help="scripts with secrets: without, or not at all"
    )
    service.add_argument("--in-flight", type=int, metavar="N", help="requests at once (default: 8)")
    service.add_argument("--max-requests", type=int, metavar="N", help="most scripts to send in this run")
    service.add_argument("--max-cost", metavar="USD", help="most money to spend in this run, by estimate")
    service.add_argument("--deadline", type=int, metavar="S", help="seconds after which nothing more is sent")
    service.add_argument(
        "--on-service-failure", choices=["rules", "fail"], help="without an answer: by rules (default), or fail"
    )


def add_disk(made: argparse.ArgumentParser, verb: str) -> None:
    """How a run treats what lies on disk."""
    disk = made.add_argument_group("manifests on disk")
    if verb == "check":
        disk.add_argument("--allow-missing", action="store_true", help="a script without a manifest is no finding")
        disk.add_argument(
            "--reverify", action="store_true", help="judge manifests anew even where their header says current"
        )
    if verb == "write":
        disk.add_argument(
            "--ask", action="store_true", help="ask open questions first, keep answers in the settings"
        )
        disk.add_argument("--diff", action="store_true", help="show what would be written, write nothing")


def parse(made: argparse.ArgumentParser, words: Sequence[str]) -> Mapping[str, Any]:
    """The given options by their kebab-case names. Raises ConfigurationError for wrong ones."""
    given = vars(made.parse_args(list(words)))
    return {name.replace("_", "-"): value for name, value in given.items()}
