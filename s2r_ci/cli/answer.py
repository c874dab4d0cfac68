"""``s2r-scan answer``: answer the comment that started this workflow (the Action's ``mode: command``).

Who may not write to the repository is not answered at all. What is asked for is tried on the head of the pull request,
read as data; where the judge has nothing against it, it is committed to the branch, and the thread is told.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_target, parse, parser
from s2r_ci.cli.pr import Outside, tell_result
from s2r_ci.errors import ConfigurationError, ConversionError, S2rError
from s2r_ci.model import Outcome
from s2r_ci.publish.commands import HELP, Command, read_commands
from s2r_ci.publish.github_api import GitHub, GitHubError, segment
from s2r_ci.render.markdown import code

if TYPE_CHECKING:
    from s2r_ci.model import Report, Verdict
    from s2r_ci.publish.proposal import Change

_MAY: Final = ("admin", "maintain", "write")


class Asked(NamedTuple):
    """The comment, and what it asks for."""

    number: int
    comment: int
    who: str
    commands: tuple[Command, ...]
    environ: Mapping[str, str] = os.environ  # what names the service


def run(verb: str, words: Sequence[str], outside: Outside = Outside()) -> int:  # noqa: B008  frozen
    """Answer one comment; 0 also where there was nothing to do."""
    made = parser(verb, VERBS[verb])
    add_target(made)
    made.add_argument("--result", metavar="FILE", help="say in this JSON file what was done")
    given = parse(made, words)
    asked = _asked(outside.environ)
    if asked is None:
        print("no command: a line that begins with /s2r is one")
        return 0
    gh = github_of(outside)
    if not _may(gh, asked.who):
        print("the comment is of somebody who may not write to this repository: not answered")
        return 0
    pull = gh.get(f"pulls/{asked.number}")
    operation, told = _answered(gh, asked, pull, given)
    gh.write("POST", f"issues/{asked.number}/comments", {"body": told}, done=lambda: None)
    tell_result(str(given.get("result", "")), operation, asked.number, str(pull["html_url"]))
    print(operation)
    return 0


def github_of(outside: Outside) -> GitHub:
    """The repository of the environment. Raises ConfigurationError where a name is missing."""
    environ = outside.environ
    token = environ.get("S2R_TOKEN") or environ.get("GITHUB_TOKEN", "")
    if not token:
        raise ConfigurationError("commands need a token", where="S2R_TOKEN", hint="see docs/pull-requests.md")
    address = environ.get("GITHUB_API_URL") or "https://api.github.com"
    return GitHub(
        environ.get("GITHUB_REPOSITORY", ""), token, base=address, sleep=outside.sleep, clock=outside.clock
    )


def _asked(environ: Mapping[str, str]) -> Asked | None:
    """The commands of the event's comment; None for edits, for issues, for robots, for comments without one."""
    try:
        with open(environ.get("GITHUB_EVENT_PATH", ""), "rb") as file:
            event = json.load(file)
        comment, issue = event["comment"], event["issue"]
        if event["action"] != "created" or "pull_request" not in issue or comment["user"]["type"] == "Bot":
            return None
        commands = read_commands(str(comment["body"]))
        who = str(comment["user"]["login"])
        found = Asked(int(issue["number"]), int(comment["id"]), who, commands, environ)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"the event is no comment: {type(error).__name__}", where="GITHUB_EVENT_PATH", hint="on: issue_comment"
        ) from error
    return found if commands else None


def _may(gh: GitHub, who: str) -> bool:
    """Whether somebody may write; asked of GitHub, never taken from the event."""
    found = gh.find(f"collaborators/{segment(who)}/permission")
    return found is not None and str(found["permission"]) in _MAY


# --- what is done -------------------------------------------------------------------------------------------


def _answered(gh: GitHub, asked: Asked, pull: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[str, str]:
    """What was done, and the text of the answer."""
    from s2r_ci.publish.proposal import read_memory

    memory = read_memory(pull["body"])
    here = (pull["head"]["repo"] or {}).get("full_name") == gh.repository
    if memory is None or not here or pull["state"] != "open":
        return "unchanged", "This is no open pull request of s2r-ci, so there is nothing to do here.\n"
    unknown = [command for command in asked.commands if not command.word]
    if unknown and not asked.environ.get("S2R_API_ENDPOINT", "").strip():
        lines = "".join(f"- {code(command.text)}\n" for command in unknown)
        return "unchanged", f"Not understood, so nothing was done:\n\n{lines}\nUnderstood are: {HELP}\n"
    words = {command.word for command in asked.commands}
    if "skip" in words:
        gh.write("PATCH", f"pulls/{asked.number}", {"state": "closed"}, done=lambda: None)
        return "closed", "Closed. These scripts are not proposed again until they change.\n"
    if words == {"help"}:
        return "unchanged", f"{HELP}\n"
    try:
        return _tried(gh, asked, pull, tuple(memory.scripts), given)
    except (ConversionError, ConfigurationError) as error:
        hint = f"\n{code(error.hint)}\n" if error.hint else ""
        return "unchanged", f"That does not fit, so nothing was done: {code(error.what)}\n{hint}"
    except GitHubError:
        raise
    except S2rError as error:
        return "unchanged", f"Nothing was done: {code(str(error))}\n"


def _tried(
    gh: GitHub, asked: Asked, pull: Mapping[str, Any], scripts: Sequence[str], given: Mapping[str, Any]
) -> tuple[str, str]:
    """Convert the head with what is wished for, and commit it where nothing speaks against it."""
    from s2r_ci.cli.spoken import Thread
    from s2r_ci.cli.wished import carry_out, walked
    from s2r_ci.publish.head_tree import fetch

    head, thread = str(pull["head"]["sha"]), Thread(gh.repository, asked.number, asked.comment)
    with tempfile.TemporaryDirectory(prefix="s2r-head-") as folder:
        there = fetch(gh, head, scripts, folder)
        wished = carry_out(folder, there, asked.commands, given, asked.environ, thread)
        report = walked(folder, given, asked.environ, anew="retry" in {each.word for each in asked.commands})
        if wished.lost:
            names = ", ".join(code(f'volumes."{path}"') for path in wished.lost)
            raise ConversionError("a mount needs its claim in the site map", hint=f"add {names} to [site] first")
        if "explain" in {command.word for command in asked.commands} and not _changing(asked.commands):
            return "unchanged", _explained(report)
        bad = [verdict for verdict in report.verdicts if verdict.outcome >= Outcome.FAILED]
        if bad:
            said = f"Nothing was committed: the judge speaks against it.\n\n{wished.remark}{_findings(bad)}"
            return "unchanged", said
        operation, told = _committed(gh, asked, pull, folder, report)
        return operation, f"{told}{wished.remark}"


def _changing(commands: Sequence[Command]) -> bool:
    return any(command.word in ("wish", "accept", "retry", "") for command in commands)


# --- what is committed --------------------------------------------------------------------------------------


def _committed(gh: GitHub, asked: Asked, pull: Mapping[str, Any], folder: str, report: "Report") -> tuple[str, str]:
    """One commit on the head, forward only; the text of the pull request is renewed with it."""
    from s2r_ci.cli.wished import read_of
    from s2r_ci.publish.answers_file import NAME
    from s2r_ci.publish.branch import Base, advance
    from s2r_ci.publish.groups import Group
    from s2r_ci.publish.left_out import section_of
    from s2r_ci.publish.proposal import Extra, Proposal, read_memory, title_of
    from s2r_ci.publish.pull_body import body_of

    branch, head = str(pull["head"]["ref"]), str(pull["head"]["sha"])
    changes = tuple(_changes(folder, report.verdicts))
    answers = read_of(folder, NAME)
    extras = (Extra(NAME, answers),) if answers else ()
    group = Group(branch.rpartition("/")[2], "", tuple(change.verdict.path for change in changes))
    proposal = Proposal(group, changes, extras)
    if _there(gh, head, proposal.files):
        return "unchanged", f"Nothing changes by that.\n\n{_said(report)}"
    advance(gh, branch, head, Base(branch, head), proposal, None)
    base = str(pull["base"]["sha"])
    memory = read_memory(pull["body"])
    told = proposal._replace(removals=memory.gone if memory else ())  # they are off the branch already
    text = {"title": title_of(told), "body": body_of(told, base, left=section_of(pull["body"]))}
    gh.write("PATCH", f"pulls/{asked.number}", text, done=lambda: None)
    return "updated", f"Done, judged again and committed to the branch.\n\n{_said(report)}"


def _changes(folder: str, verdicts: "Sequence[Verdict]") -> "Iterator[Change]":
    import hashlib

    from s2r_ci.cli.wished import read_of
    from s2r_ci.publish.proposal import Change

    for verdict in verdicts:
        data = read_of(folder, verdict.manifest_path) if verdict.manifest_path else None
        if data is not None:
            digest = hashlib.sha256(read_of(folder, verdict.path) or b"").hexdigest()
            yield Change(verdict=verdict, script_digest=digest, data=data)


def _there(gh: GitHub, head: str, files: Mapping[str, bytes]) -> bool:
    """Whether the head has exactly these contents already."""
    from s2r_ci.publish.proposal import blob_of

    tree = gh.get(f"git/trees/{head}", recursive="1")
    known = {str(each["path"]): str(each["sha"]) for each in tree["tree"]}
    return all(known.get(path) == blob_of(data) for path, data in files.items())


# --- what is said -------------------------------------------------------------------------------------------


def _said(report: "Report") -> str:
    rows = "".join(
        f"| {code(verdict.path)} | {verdict.outcome.word} | {len(verdict.questions) or ''} |\n"
        for verdict in report.verdicts
    )
    return f"| Script | Outcome | Open questions |\n| --- | --- | ---: |\n{rows}"


def _findings(verdicts: "Sequence[Verdict]") -> str:
    rows = "".join(
        f"| {code(str(finding.location))} | {finding.rule.id} | {code(finding.message)} |\n"
        for verdict in verdicts
        for finding in verdict.findings
        if finding.level.word == "error" and not finding.suppression
    )
    return f"| Place | Rule | Message |\n| --- | --- | --- |\n{rows}"


def _explained(report: "Report") -> str:
    """Where every item of every script went, as far as there is room."""
    lines = ["| Script and line | Item | Became | Where | Why |\n| --- | --- | --- | --- | --- |\n"]
    room = 50_000
    for verdict in report.verdicts:
        for entry in verdict.ledger:
            place = code(f"{verdict.path}:{entry.location.line}")
            cells = (
                place,
                code(str(entry.item)[:120]),
                entry.disposition.value,
                code(entry.field),
                code(entry.reason),
            )
            line = f"| {' | '.join(cells)} |\n"
            room -= len(line)
            if room < 0:
                return "".join(lines) + "\nCut here: `s2r-scan explain` shows the rest.\n"
            lines.append(line)
    return "".join(lines)
