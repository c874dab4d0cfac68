"""``s2r-scan pr``: write the manifests, and open, renew or close the pull requests that carry them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_paths, add_pull_requests, add_report, add_target, parse, parser
from s2r_ci.cli.check import conclude
from s2r_ci.errors import ConfigurationError, S2rError
from s2r_ci.model import Outcome
from s2r_ci.publish.answers_file import NAME, of_scripts, read_answers, write_answers
from s2r_ci.publish.branch import Base, Clone
from s2r_ci.publish.github_api import GitHub
from s2r_ci.publish.groups import OWNERS, grouped, owners_of, without_a_group
from s2r_ci.publish.left_out import LeftOut, left_out
from s2r_ci.publish.proposal import Change, Extra, Proposal, blob_of
from s2r_ci.publish.removal import places_of, removals
from s2r_ci.repository import place_of

if TYPE_CHECKING:
    from s2r_ci.model import Report, Verdict
    from s2r_ci.publish.answers_file import Answers
    from s2r_ci.publish.groups import Owners
    from s2r_ci.publish.pull_request import Policy, Pull, Work
    from s2r_ci.repository import Place

_OWN: Final = ("base", "manifests", "result", "dry-run")
_GIT: Final = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=")


class Outside(NamedTuple):
    """What this verb takes from the world beside git and GitHub."""

    environ: Mapping[str, str] = os.environ
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time


def run(verb: str, words: Sequence[str], outside: Outside = Outside()) -> int:  # noqa: B008  frozen
    """Walk, group, settle each group; the exit code is the gravest of report and publishing."""
    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    add_target(made)
    add_pull_requests(made)
    given = parse(made, words)
    place = place_of({name: value for name, value in given.items() if name not in _OWN})
    if given.get("dry-run"):
        shown = _walked(place, str(given.get("manifests", "")))
        _show(list(proposals_of(place, shown, _top(place.root), {})))
        return conclude(place, shown)
    report, pulls, trouble = _published(place, given, outside)
    _tell(pulls, str(given.get("result", "")), str(trouble or ""))
    from s2r_ci.cli.verdict import gravest

    code = conclude(place, report) if report else 0
    if trouble is not None:
        print(f"s2r-scan: {trouble}", file=sys.stderr)
        code = gravest(code, trouble.exit_code) if trouble.exit_code != 2 else 2
    return code


def _walked(place: "Place", manifests: str) -> "Report":
    """Every script walked anew, with ledger and jobs for the text of the pull request. Where a service is set up it
    writes what needs a manifest first, and the account of that stays in the report.
    """
    from s2r_ci.asking import access_for, offline
    from s2r_ci.frozen import replace
    from s2r_ci.session import details_of
    from s2r_ci.session import run as run_in

    if manifests:
        _take(place, manifests)
        return replace(details_of(place, verb="check"), verb="pr")
    if access_for(place.settings, os.environ) is None:
        return replace(details_of(place, verb="write"), verb="pr", asked=offline(place.settings, os.environ))
    first = run_in(place, verb="write")
    found = details_of(place, verb="write")
    trouble = "; ".join(dict.fromkeys(filter(None, (first.incomplete, found.incomplete))))
    return replace(found, verb="pr", asked=first.asked, left=first.left, incomplete=trouble)


def _take(place: "Place", folder: str) -> None:
    """Bring manifests from a folder that nobody has to trust: those that belong to a script of this checkout, under
    their own names; nothing else of the folder is looked at, and all are judged anew.
    """
    from s2r_ci.publish.files import FileStore, locked
    from s2r_ci.repository import found_in

    if not os.path.isdir(folder):
        raise ConfigurationError("there is no such folder", where=folder, hint="--manifests names one")
    wanted = [place.tree.for_script(script.path).manifest_path(script.path) for script in found_in(place).scripts]
    with locked(place.root), FileStore(place.root) as store:
        for path in wanted:
            if (data := _read(folder, path)) is not None:
                store.write(path, data)


# --- what is proposed ---------------------------------------------------------------------------------------


def proposals_of(place: "Place", report: "Report", root: str, answers: "Answers") -> Iterator[Proposal]:
    """The groups whose manifests differ from the commit that is checked out, with the answers of each."""
    committed = _committed(root)
    base = read_answers(_git_file(root, NAME, committed))
    every = {change.verdict.path: change for change in _changes(report, root)}
    changes = {path: each for path, each in every.items() if committed.get(each.path) != each.blob}
    gone = list(removals(report, committed, blob_of, lambda path: _read(root, path)))
    places = places_of(gone, {path: each.script_digest for path, each in changes.items()})
    grouping, owners = place.settings.pr_grouping, _owners(place, root)
    left = _left_out(report, every, grouping, owners)
    for group in grouped({*changes, *places.values()}, grouping, owners):
        mine = of_scripts(answers, (path for path in group.scripts if path in changes))
        extra = (Extra(NAME, write_answers({**base, **mine})),) if mine else ()
        kept = tuple(each for each in extra if committed.get(each.path) != each.blob)
        here = frozenset(group.scripts)
        yield Proposal(
            group,
            tuple(changes[path] for path in group.scripts if path in changes),
            kept,
            tuple(each for each in gone if places[each.path] in here),
            left.get(group.key, ()),
        )


def _left_out(
    report: "Report", every: Iterable[str], grouping: str, owners: "Owners | None"
) -> dict[str, tuple[LeftOut, ...]]:
    """What has no manifest, by the key of the group it belongs to."""
    told = {each.path: each for each in left_out(report.verdicts, frozenset(every))}
    groups = without_a_group(sorted(told), grouping, owners)
    return {key: tuple(told[path] for path in paths) for key, paths in groups.items()}


def _git_file(root: str, path: str, committed: Mapping[str, str]) -> bytes | None:
    return _git(root, "cat-file", "blob", committed[path]).encode() if path in committed else None


def _changes(report: "Report", root: str) -> Iterator[Change]:
    """Manifests that nothing speaks against; where a script failed, none is proposed."""
    for verdict in report.verdicts:
        if verdict.outcome in (Outcome.PASSED, Outcome.REVIEW) and verdict.manifest_path:
            data = _read(root, verdict.manifest_path)
            if data is not None:
                yield Change(verdict=verdict, script_digest=_digest(root, verdict), data=data)


def _digest(root: str, verdict: "Verdict") -> str:
    import hashlib

    return hashlib.sha256(_read(root, verdict.path) or b"").hexdigest()


def _owners(place: "Place", root: str) -> "Owners | None":
    if place.settings.pr_grouping != "owner":
        return None
    texts = {name: data.decode("utf-8", "replace") for name in OWNERS if (data := _read(root, name)) is not None}
    return owners_of(texts)


def _read(root: str, path: str) -> bytes | None:
    from s2r_ci.discover import read_file
    from s2r_ci.errors import IncompleteError

    try:
        return read_file(root, path)
    except IncompleteError:
        return None


# --- git ----------------------------------------------------------------------------------------------------


def _git(root: str, *words: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run([*_GIT, *words], cwd=root, env=environ, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-200:]
        raise ConfigurationError(f"git {words[0]} failed: {said}", hint="run in a clone, with a commit checked out")
    return done.stdout.decode("utf-8", "surrogateescape")


def _top(root: str) -> str:
    return _git(root, "rev-parse", "--show-toplevel").rstrip("\n")


def _committed(root: str) -> dict[str, str]:
    """Path → blob of the commit that is checked out."""
    found = {}
    for row in _git(root, "ls-tree", "-r", "-z", "HEAD").split("\0"):
        if row:
            words, _, path = row.partition("\t")
            found[path] = words.split()[2]
    return found


# --- GitHub -------------------------------------------------------------------------------------------------


def _published(
    place: "Place", given: Mapping[str, Any], outside: Outside
) -> "tuple[Report | None, list[Pull], S2rError | None]":
    """Walk with the answers that branches remember, and settle every group. Trouble ends the run; what was done
    before it is told.
    """
    from s2r_ci.publish import dashboard as board
    from s2r_ci.publish.pull_request import check_base
    from s2r_ci.publish.remembered import remembered, standing_pulls
    from s2r_ci.publish.settling import settle_all

    work, done = _work(place, given, outside), list["Pull"]()
    report = None
    try:
        check_base(work.gh, work.base)
        standing = list(standing_pulls(work.gh, work.base.name, work.policy.prefix))
        answers = remembered(work.gh, standing)
        root = _top(place.root)
        if answers:
            place = _answered(place, given, root, answers)
        report = _walked(place, str(given.get("manifests", "")))
        issue = board.read_dashboard(work.gh) if place.settings.dashboard else board.Dashboard()
        wanted = board.wanted_of(issue, [verdict.path for verdict in report.verdicts])
        work = work._replace(policy=work.policy._replace(wanted=wanted))
        for pull in settle_all(work, list(proposals_of(place, report, root, answers)), standing):
            done.append(pull)
        if place.settings.dashboard:
            board.keep_dashboard(work.gh, issue, report.verdicts, done)
    except S2rError as error:
        return report, done, error
    return report, done, None


def _answered(place: "Place", given: Mapping[str, Any], root: str, answers: "Answers") -> "Place":
    """The place with the file of answers as the branches have it: read anew, because settings depend on it."""
    from s2r_ci.publish.files import FileStore, locked

    with locked(root), FileStore(root) as store:
        store.write(NAME, write_answers({**read_answers(_read(root, NAME)), **answers}))
    return place_of({name: value for name, value in given.items() if name not in _OWN})


def _work(place: "Place", given: Mapping[str, Any], outside: Outside) -> "Work":
    from s2r_ci.publish.pull_request import Work

    environ = outside.environ
    repository = environ.get("GITHUB_REPOSITORY", "")
    token = environ.get("S2R_TOKEN") or environ.get("GITHUB_TOKEN", "")
    for name, value in (("GITHUB_REPOSITORY", repository), ("S2R_TOKEN", token)):
        if not value:
            raise ConfigurationError("pull requests need it", where=name, hint="see docs/pull-requests.md")
    root = _top(place.root)
    address = environ.get("GITHUB_API_URL") or "https://api.github.com"
    gh = GitHub(repository, token, base=address, sleep=outside.sleep, clock=outside.clock)
    server = (environ.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/")
    clone = Clone(root=root, url=f"{server}/{repository}.git", token=token)
    base = Base(name=_base(root, given, environ), commit=_git(root, "rev-parse", "HEAD").strip())
    return Work(gh=gh, base=base, policy=_policy(place), clone=clone)


def _base(root: str, given: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The branch that pull requests go to: as told, that of the event, or the one that is checked out."""
    named = str(given.get("base", "")) or (environ.get("GITHUB_REF", "").partition("refs/heads/")[2])
    found = named or _git(root, "rev-parse", "--abbrev-ref", "HEAD").strip()
    if found in ("", "HEAD"):
        raise ConfigurationError("no branch is checked out to open pull requests for", hint="name it with --base")
    return found


def _policy(place: "Place") -> "Policy":
    from s2r_ci.publish.pull_request import Policy

    settings = place.settings
    return Policy(
        prefix=settings.branch_prefix,
        labels=_each(settings.labels),
        reviewers=_each(settings.reviewers),
        draft=settings.draft,
        limit=settings.pr_limit,
    )


def _each(names: Iterable[str]) -> tuple[str, ...]:
    """Names also where several stand in one line, as other Actions take them: ``a, b``."""
    return tuple(part for name in names for each in name.split(",") if (part := each.strip()))


# --- what is told -------------------------------------------------------------------------------------------


def _show(proposals: Sequence[Proposal]) -> None:
    from s2r_ci.render.safe import shown_path
    from s2r_ci.render.words import count

    for proposal in proposals:
        print(f"{proposal.group.key}: {count(len(proposal.changes), 'manifest')}")
        for change in proposal.changes:
            print(f"  {shown_path(change.path)}")
        for gone in proposal.removals:
            print(f"  {shown_path(gone.path)}: taken away, its script is gone")


def _tell(pulls: "Sequence[Pull]", result: str, trouble: str) -> None:
    from s2r_ci.render.safe import printable

    for pull in pulls:
        place = f" {pull.url}" if pull.url else ""
        why = f": {pull.why}" if pull.why else ""
        print(f"{pull.operation:9} {printable(pull.group.title)}{place}{why}")
    order = ("created", "updated", "closed", "unchanged", "waiting")
    done = {pull.operation for pull in pulls}
    _keep(
        result,
        next((word for word in order if word in done), "unchanged"),
        [_said(pull) for pull in pulls if pull.number or pull.manifests or pull.gone],
        trouble,
    )


def _said(pull: "Pull") -> dict[str, Any]:
    told = {"number": pull.number, "url": pull.url, "operation": pull.operation, "why": pull.why}
    return {**told, "group": pull.group.title, "manifests": list(pull.manifests), "gone": list(pull.gone)}


def tell_result(result: str, operation: str, number: int, url: str) -> None:
    """Say in the result file what became of one pull request."""
    _keep(result, operation, [{"number": number, "url": url, "operation": operation, "why": ""}])


def _keep(result: str, operation: str, pulls: Sequence[Mapping[str, Any]], trouble: str = "") -> None:
    if result:
        with open(result, "w", encoding="utf-8") as file:
            json.dump({"operation": operation, "pull_requests": pulls, "trouble": trouble}, file, indent=1)
            file.write("\n")
