"""Writes ``docs/transcripts.md``: what the doors say and ask, recorded from real runs.

``python -m tools.transcripts`` runs ``action.yml`` step by step on the tests' runner in real checkouts, the life of a
pull request against the tests' stand-in for GitHub, and a real commit under pre-commit. What differs from run to run
(folders, commits, ports) is written as a word in angle brackets.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from s2r_ci.model import NOTHING
from tests.action.conftest import GOOD, Ran, Runner, pull_request
from tests.github.conftest import Project
from tests.github.stand_in import TOKEN, Fault, GitHubStandIn, served

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "transcripts.md"
_HEAD: Final = """\
# Transcripts

Recorded by `make transcripts`: nothing here is written by hand. `action.yml` runs step by step, with GitHub's own
evaluator of expressions, in real checkouts; GitHub is the tests' stand-in, whose every request and answer is held
against GitHub's own description.
"""
_SECRET: Final = "made-up-secret-of-a-page-0123456789"
_BAD: Final = "#!/bin/bash\n#SBATCH --mem 3 4\npython x.py\n"
_COMMENT: Final[Mapping[str, Any]] = {
    "action": "created",
    "issue": {"number": 1, "pull_request": {}},
    "comment": {"id": 1, "body": "/s2r use 4 GPUs", "user": {"login": "robin", "type": "User"}},
}


class Case(NamedTuple):
    """One run of the Action."""

    title: str
    event: str = "push"
    payload: Mapping[str, Any] | None = None
    given: Mapping[str, str] = NOTHING
    fault: Fault | None = None
    settings: str = ""


CASES: Final[Sequence[Case]] = (
    Case("Mode audit", given={"mode": "audit"}),
    Case("Mode lint", given={"mode": "lint"}),
    Case("Mode check, no manifest yet", given={"mode": "check"}),
    Case("Mode write", given={"mode": "write"}),
    Case("Mode check, manifests written", given={"mode": "check"}),
    Case("Mode pr", given={"mode": "pr"}),
    Case("Mode pr again", given={"mode": "pr"}),
    Case("Mode command: somebody wrote `/s2r use 4 GPUs`", "issue_comment", _COMMENT, {"mode": "command"}),
    Case("A schedule with mode pr", "schedule", {}, {"mode": "pr"}),
    Case("A pull request of the same repository, mode pr", "pull_request", pull_request(), {"mode": "pr"}),
    Case("A pull request from a fork, mode write", "pull_request", pull_request(fork=True), {"mode": "write"}),
    Case("A pull request of Dependabot", "pull_request", pull_request(author="dependabot[bot]"), {"mode": "check"}),
    Case("pull_request_target", "pull_request_target", pull_request()),
    Case("pull_request_target, inspect-only", "pull_request_target", pull_request(),
         {"allow-privileged-event": "inspect-only"}),
    Case("workflow_run", "workflow_run", {}),
    Case("A comment with mode check", "issue_comment", _COMMENT),
    Case("A merge queue with mode pr", "merge_group", {}, {"mode": "pr"}),
    Case("A shallow clone without the revision of changed-since", given={"changed-since": "origin/release"}),
    Case("The service is down",
         given={"mode": "write", "api-endpoint": "http://127.0.0.1:9", "shared-secret": _SECRET},
         settings="deadline = 2\n"),
    Case("A token that may not open pull requests", "schedule", {}, {"mode": "pr", "branch-prefix": "other"},
         Fault("^POST pulls$", status=403)),
)  # fmt: skip


class Act(NamedTuple):
    """One step in the life of a pull request: what happened before, and the fault of this run."""

    title: str
    before: Callable[[Project], object] = lambda project: None
    code: int = 0
    fault: Fault | None = None


def _branch(project: Project) -> str:
    return str(project.github.pulls[max(project.github.pulls)]["head"]["ref"])


def _changed(mem: str) -> Callable[[Project], object]:
    def change(project: Project) -> None:
        project.renew()
        project.script("jobs/train.sh", mem=mem)
        project.push()

    return change


def _moved(project: Project) -> None:
    project.renew()
    project.write("README.md", "x\n")
    project.push()


def _merged(project: Project) -> None:
    github = project.github
    github.git("update-ref", "refs/heads/main", github.head(_branch(project)))
    github.pulls[max(github.pulls)] |= {"state": "closed", "merged_at": "2026-01-02T03:04:05Z"}


def _deleted(project: Project) -> None:
    project.renew()
    project.git(project.root, "rm", "-q", "jobs/train.sh")
    project.push()


def _state(project: Project, **state: str) -> None:
    project.github.pulls[max(project.github.pulls)].update(state)


LIFE: Final[Sequence[Act]] = (
    Act("the first run: created"),
    Act("nothing changed: nothing is written"),
    Act("the script changed: updated", _changed("64G")),
    Act("the base moved on elsewhere", _moved),
    Act("the script changed, the answer of a write was lost", _changed("65G"),
        fault=Fault("^POST git/commits$", lost=True)),
    Act("the script changed, GitHub answered 502 once", _changed("66G"), fault=Fault("^PATCH pulls", status=502)),
    Act("the script changed, a secondary limit", _changed("67G"),
        fault=Fault("^POST git/trees$", status=403, headers={"Retry-After": "30"})),
    Act("the script changed, the interface may not commit: git pushes", _changed("68G"),
        fault=Fault("^POST git/trees$", status=403)),
    Act("the script changed, the limit is longer than the run", _changed("69G"), 5,
        Fault("^POST git/trees$", status=403, headers={"Retry-After": "7200"})),
    Act("the next run goes on"),
    Act("a person committed to the branch", lambda p: p.github.commit(_branch(p), "x.txt", "x\n")),
    Act("closed by a person: a no", lambda p: _state(p, state="closed")),
    Act("the script changed: created anew", lambda p: (p.github.git("update-ref", "-d", f"refs/heads/{_branch(p)}"),
                                                       _changed("70G")(p))),
    Act("merged: it is over", _merged),
    Act("the script was deleted: its manifest is taken away", _deleted),
    Act("the token is not valid", code=5, fault=Fault("^GET git/ref", status=401)),
)  # fmt: skip


# --- recording ----------------------------------------------------------------------------------------------


@contextmanager
def _repository() -> Iterator[tuple[Project, Path]]:
    with tempfile.TemporaryDirectory(prefix="s2r-transcript-") as name:
        folder = Path(name)
        bare = folder / "jobs.git"
        bare.mkdir()
        github = GitHubStandIn(bare)
        with served(github) as address:
            yield Project(folder, github, address), folder
        if github.wrong:
            raise AssertionError(github.wrong)


def runs() -> Iterator[str]:
    """The runs of the Action, one after the other in one repository."""
    with _repository() as (project, folder):
        project.script("jobs/train.sh")
        project.write("jobs/bad.sh", _BAD)
        project.push()
        runner = Runner(folder, folder)
        runner.workspace = project.root
        runner.run(mode="lint")  # the packages are in the cache from here on
        for case in CASES:
            yield f"## {case.title}\n\n{_run(case, runner, project)}"


def _run(case: Case, runner: Runner, project: Project) -> str:
    if case.given.get("mode") in ("pr", "command"):
        project.renew()
    if case.fault:
        project.github.faults.append(case.fault)
    if case.settings:
        (project.root / "jobs/train.sh.runai.yaml").unlink(missing_ok=True)
        project.write("s2r-ci.toml", (project.root / "s2r-ci.toml").read_text() + case.settings)
    before = len(project.github.calls)
    more = {"ENV_GITHUB_API_URL": project.api, "ENV_GITHUB_SERVER_URL": project.address}
    given = {name.replace("-", "_"): value for name, value in case.given.items()}
    ran = runner.run(case.event, case.payload, token=TOKEN, ENV_GITHUB_REF="refs/heads/main", **more, **given)
    inputs = ", ".join(f"`{name}: {value}`" for name, value in case.given.items() if name != "shared-secret")
    calls = _calls(project.github.calls[before:])
    return (
        f"Event `{case.event}`, inputs {inputs or 'none'}; exit code {ran.code}, outcome `{ran.outputs['outcome']}`"
        f"{', operation `' + ran.outputs['operation'] + '`' if ran.outputs['operation'] else ''}.\n\n"
        f"```\n{_said(ran)}\n```\n" + (f"\nAsked of GitHub: {calls}\n" if calls else "")
    )


def _said(ran: Ran) -> str:
    lines = (line for line in (ran.log[-1]["stdout"] + ran.log[-1]["stderr"]).splitlines())
    return plain("\n".join(line for line in lines if not line.startswith("::add-mask::")))


def plain(text: str) -> str:
    """The text without what differs from run to run."""
    text = re.sub(r"(/[\w.-]+)*/s2r-transcript-\w+", "<folder>", text)
    text = re.sub(r"http://127\.0\.0\.1:\d{4,}", "<github>", text)
    text = re.sub(r"\b[0-9a-f]{40}\b", "<commit>", text)
    return re.sub(r"\b[0-9a-f]{12}\b", "<commit>", text)


def _calls(calls: Sequence[str]) -> str:
    short = [re.sub(r"[0-9a-f]{40}", "SHA", call) for call in calls]
    told = []
    for call, group in groupby(short):
        times = len(list(group))
        told.append(f"`{call}`" + (f" ({times} times)" if times > 1 else ""))
    return ", ".join(told)


def life() -> Iterator[str]:
    """The life of a pull request as a table: what happened, how the run ended, what it asked of GitHub."""
    yield "| What happened | Exit code | Operation | Asked of GitHub |\n| --- | ---: | --- | --- |\n"
    with _repository() as (project, _):
        for act in LIFE:
            act.before(project)
            if act.fault:
                project.github.faults.append(act.fault)
            ran = project.pr(code=act.code)
            project.github.faults.clear()
            yield f"| {act.title} | {ran.code} | {ran.operation} | {_calls(ran.calls)} |\n"


def commit() -> str:
    """What git prints for a commit that the hooks stop, and for the next one."""
    from tests.hooks import conftest as hooks

    with tempfile.TemporaryDirectory(prefix="s2r-transcript-") as name:
        folder = Path(name)
        published = hooks.publish(folder / "published")
        project = hooks.Project(folder / "project", published, folder / "home")
        project.configure("s2r-lint", "s2r-write", "s2r-check")
        project.run("pre-commit", "install", "--install-hooks")
        project.write("jobs/train.sh", GOOD)
        first = project.commit(code=1)
        second = project.commit()
        texts = [re.sub(r"(?m)^\[(?:main|WARNING).*\n", "", plain(text)) for text in (first, second)]
        return "".join(f"```\n$ git commit -m work\n{text.strip()}\n```\n\n" for text in texts)


def main() -> None:
    """Write the page."""
    parts = [_HEAD, "\n".join(runs()), "## The life of a pull request\n\n" + "".join(life())]
    parts.append("## A commit under pre-commit\n\nHooks: `s2r-lint`, `s2r-write`, `s2r-check`.\n\n" + commit())
    PAGE.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
