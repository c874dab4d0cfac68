"""The life of a pull request: created, updated, left alone, closed. One for each group of manifests.

Manners: a run that would change nothing changes nothing; a closed pull request is a no, until its scripts change;
a person's commit on the branch stops updates, said once in a comment; nothing is ever forced. Everything is read from
GitHub each time, so a run that was killed anywhere is continued by the next one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.errors import IncompleteError
from s2r_ci.publish.branch import Base, Clone, advance, head_of
from s2r_ci.publish.github_api import GitHub, GitHubError, reference, segment
from s2r_ci.publish.groups import Group
from s2r_ci.publish.proposal import Proposal, ended, is_ours, read_memory, title_of
from s2r_ci.publish.pull_body import body_of

_STOPPED: Final = "<!-- s2r-ci stopped -->"
_STOPPED_TEXT: Final = (
    f"{_STOPPED}\nThis branch has commits that s2r-ci did not make, so it is left alone from now on. To have it "
    "renewed again, merge or close this pull request, or take those commits off the branch.\n"
)
_OVER: Final = "<!-- s2r-ci over -->"
_OVER_TEXT: Final = (
    f"{_OVER}\nThe manifests of this pull request are in the base branch by now, or their scripts are gone: it is "
    "closed.\n"
)


_TO_DRESS: Final = (
    "<!-- s2r-ci labels and reviewers to come -->"  # a run that is killed before leaves it to the next
)
_WORKFLOW: Final = "github-actions[bot]"
_OF_THE_WORKFLOW: Final = "opened with the workflow's own token, so its checks wait for approval or do not start"
REFUSED: Final = "it was closed: that is a no until the scripts change"


class Policy(NamedTuple):
    """How pull requests are made."""

    prefix: str = "s2r"
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    limit: int = 10  # open ones at a time; 0: no limit
    wanted: frozenset[str] = frozenset()  # scripts that somebody asked for on the dashboard: a no does not count


class Pull(NamedTuple):
    """What became of one group. ``operation``: created, updated, unchanged, closed, or waiting (above the limit)."""

    group: Group
    operation: str
    number: int = 0
    url: str = ""
    why: str = ""  # one sentence: why nothing was done, or what of it was refused
    manifests: tuple[str, ...] = ()  # what is proposed: paths
    gone: tuple[str, ...] = ()  # manifests that are taken away


class Work(NamedTuple):
    """What all groups share."""

    gh: GitHub
    base: Base
    policy: Policy
    clone: Clone | None = None


def check_base(gh: GitHub, base: Base) -> None:
    """Raises IncompleteError when the base branch is not at the commit that was scanned."""
    there = head_of(gh, base.name)
    if there != base.commit:
        raise IncompleteError(
            f"the base branch {base.name} is at {there[:12] or 'no commit'}, the checkout at {base.commit[:12]}",
            hint="run on the newest commit of the branch; a run on it may be waiting already",
        )


def settle(work: Work, proposal: Proposal, room: int) -> Pull:
    """Bring the pull request of one group to what is proposed. ``room``: how many may still be opened.

    Raises GitHubError, PublishError and IncompleteError.
    """
    branch = f"{work.policy.prefix}/{proposal.group.key}"
    known = list(_pulls(work, branch))
    standing = next((pull for pull in known if pull["state"] == "open"), None)
    refused = {p: d for p, d in _refused(known).items() if p not in work.policy.wanted}
    left = proposal.without(refused)
    if standing is not None:
        return _renew(work, branch, standing, proposal) if proposal else _over(work, branch, standing, proposal)
    if not left:
        return Pull(proposal.group, "unchanged", why=REFUSED if proposal else "")
    if work.policy.limit and room < 1:
        return Pull(proposal.group, "waiting", why=f"{work.policy.limit} pull requests are open")
    return _open(work, branch, left)


def _pulls(work: Work, branch: str) -> Iterator[Mapping[str, Any]]:
    """All pull requests of a branch, the newest first."""
    yield from work.gh.pages("pulls", state="all", head=f"{work.gh.owner}:{branch}", base=work.base.name)


def _refused(known: list[Mapping[str, Any]]) -> dict[str, str]:
    """Script → digest, as people said no to it: closed without being merged. A later one counts more."""
    found: dict[str, str] = {}
    for pull in reversed(known):
        memory = read_memory(pull["body"])
        if pull["state"] == "closed" and not pull["merged_at"] and memory and not memory.over:
            found |= memory.scripts
    return found


# --- a new one ----------------------------------------------------------------------------------------------


def _open(work: Work, branch: str, proposal: Proposal) -> Pull:
    gh = work.gh
    head = head_of(gh, branch)
    if head and not is_ours(str(gh.get(f"git/commits/{head}")["message"])):
        return Pull(
            proposal.group, "unchanged", why=f"the branch {branch} has commits of others and no pull request"
        )
    if not head or not _holds(gh, work.base, head, proposal):
        check_base(gh, work.base)
        advance(gh, branch, head, work.base, proposal, work.clone)
    body = body_of(proposal, work.base.commit)
    dressing = bool(work.policy.labels or work.policy.reviewers)
    asked = {
        "title": title_of(proposal),
        "body": f"{body}{_TO_DRESS}\n" if dressing else body,
        "head": branch,
        "base": work.base.name,
        "draft": work.policy.draft,
    }
    try:
        pull = gh.write("POST", "pulls", asked, done=lambda: _standing(work, branch))
    except GitHubError as error:
        other = _standing(work, branch) if error.answered == 422 else None
        if other is None:
            raise
        place = (int(other["number"]), str(other["html_url"]))
        return Pull(proposal.group, "unchanged", *place, why="another run opened it meanwhile")
    why = _OF_THE_WORKFLOW if str((pull["user"] or {}).get("login", "")) == _WORKFLOW else ""
    if dressing:
        why = "; ".join(filter(None, (_dress(work, pull), why)))
        gh.write("PATCH", f"pulls/{pull['number']}", {"body": body}, done=lambda: None)
    return Pull(proposal.group, "created", int(pull["number"]), str(pull["html_url"]), why)


def _standing(work: Work, branch: str) -> Mapping[str, Any] | None:
    return next((pull for pull in _pulls(work, branch) if pull["state"] == "open"), None)


def _dress(work: Work, pull: Mapping[str, Any]) -> str:
    """Labels and reviewers. One that does not exist is no reason to lose the pull request, nor the others: returns the
    sentence that says which.
    """
    number, author = int(pull["number"]), str((pull["user"] or {}).get("login", ""))
    lost = []
    if work.policy.labels and not _try(work.gh, f"issues/{number}/labels", {"labels": list(work.policy.labels)}):
        lost.append("the labels could not be set")
    people = [name for name in work.policy.reviewers if "/" not in name and name.lower() != author.lower()]
    teams = [name for name in work.policy.reviewers if "/" in name]
    if refused := _unasked(work.gh, number, people, teams):
        lost.append(f"no review could be asked of {', '.join(refused)}")
    return "; ".join(lost)


def _unasked(gh: GitHub, number: int, people: Sequence[str], teams: Sequence[str]) -> list[str]:
    """Ask for reviews, all at once; one by one where GitHub refuses, which it does for all because of one."""
    every = [*people, *teams]
    if not every or _try(gh, f"pulls/{number}/requested_reviewers", _reviewers(every)):
        return []
    if len(every) == 1:
        return every
    return [name for name in every if not _try(gh, f"pulls/{number}/requested_reviewers", _reviewers([name]))]


def _reviewers(names: Sequence[str]) -> dict[str, list[str]]:
    teams = [name.partition("/")[2] for name in names if "/" in name]
    return {"reviewers": [name for name in names if "/" not in name], "team_reviewers": teams}


def _try(gh: GitHub, path: str, body: Mapping[str, Any]) -> bool:
    try:
        gh.write("POST", path, body, done=lambda: None)
    except GitHubError as error:
        if error.answered not in (403, 404, 422):
            raise
        return False
    return True


# --- one that is there --------------------------------------------------------------------------------------


def _renew(work: Work, branch: str, pull: Mapping[str, Any], proposal: Proposal) -> Pull:
    gh, number = work.gh, int(pull["number"])
    place = (number, str(pull["html_url"]))
    if _by_others(gh, number):
        _say_once(gh, number)
        return Pull(proposal.group, "unchanged", *place, why="people work on its branch")
    head = str(pull["head"]["sha"])
    why = _dress(work, pull) if _TO_DRESS in (pull["body"] or "") else ""
    same = _holds(gh, work.base, head, proposal)
    body, title = body_of(proposal, work.base.commit), title_of(proposal)
    told = _same_text(pull, title, body)
    if same and told:
        return Pull(proposal.group, "unchanged", *place)
    if not same:
        check_base(gh, work.base)
        advance(gh, branch, head, work.base, proposal, work.clone)
    gh.write("PATCH", f"pulls/{number}", {"title": title, "body": body}, done=lambda: None)
    return Pull(proposal.group, "updated", *place, why)


def _same_text(pull: Mapping[str, Any], title: str, body: str) -> bool:
    """Whether the text says the same but for the commit it was made at, and ticks that people set."""
    return pull["title"] == title and _bare(pull["body"] or "") == _bare(body)


def _bare(body: str) -> str:
    lines = body.replace("\r\n", "\n").replace("- [x] ", "- [ ] ").split("\n")
    return "\n".join(line for line in lines if not line.startswith("- scripts of commit `")).strip()


def _by_others(gh: GitHub, number: int) -> bool:
    """Whether somebody else committed to the branch. A merge of the base (the button) does not count."""
    for commit in gh.pages(f"pulls/{number}/commits"):
        if len(commit["parents"]) < 2 and not is_ours(str(commit["commit"]["message"])):
            return True
    return False


def _holds(gh: GitHub, base: Base, head: str, proposal: Proposal) -> bool:
    """Whether the branch brings exactly the proposed files to the base; a comparison lists up to 300 files, more than
    a group has.
    """
    compared = gh.get(f"compare/{base.commit}...{head}")
    there: dict[str, str] = {}
    for file in compared.get("files", []):
        there[str(file["filename"])] = "" if file["status"] == "removed" else str(file["sha"])
        if file["status"] == "renamed":  # what was taken away and what came are one entry, where they are alike
            there[str(file["previous_filename"])] = ""
    return there == proposal.blobs


def _say_once(gh: GitHub, number: int, marker: str = _STOPPED, text: str = _STOPPED_TEXT) -> None:
    said = any(marker in (comment["body"] or "") for comment in gh.pages(f"issues/{number}/comments"))
    if not said:
        gh.write("POST", f"issues/{number}/comments", {"body": text}, done=lambda: None)


def _over(work: Work, branch: str, pull: Mapping[str, Any], proposal: Proposal) -> Pull:
    """Nothing is proposed any more: say so, close, and take the branch away. Killed in between, the next run finds it
    open and goes on; GitHub closes one whose branch went, which the memory then says is no "no".
    """
    gh, number = work.gh, int(pull["number"])
    place = (number, str(pull["html_url"]))
    if _by_others(gh, number):
        return Pull(proposal.group, "unchanged", *place, why="people work on its branch")
    memory = read_memory(pull["body"])
    if memory and not memory.over:
        gh.write("PATCH", f"pulls/{number}", {"body": ended(pull["body"] or "", memory)}, done=lambda: None)
    _say_once(gh, number, _OVER, _OVER_TEXT)
    delete(gh, branch)
    gh.write("PATCH", f"pulls/{number}", {"state": "closed"}, done=lambda: None)
    return Pull(proposal.group, "closed", *place)


def delete(gh: GitHub, branch: str) -> None:
    """Take a branch away; one that is gone already is no trouble."""
    try:
        gh.write("DELETE", f"git/refs/{reference(branch)}", done=lambda: None if head_of(gh, branch) else True)
    except GitHubError as error:
        if error.answered not in (404, 422):
            raise


def of_number(gh: GitHub, number: int) -> Mapping[str, Any]:
    """One pull request. Raises GitHubError."""
    found: Mapping[str, Any] = gh.get(f"pulls/{segment(str(number))}")
    return found
