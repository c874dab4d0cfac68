"""All groups of a run, one after the other: those that propose something, and open ones that do not any more."""

from collections.abc import Iterator, Sequence

from s2r_ci.publish.github_api import GitHub
from s2r_ci.publish.groups import Group
from s2r_ci.publish.proposal import Proposal, read_memory
from s2r_ci.publish.pull_request import Pull, Work, check_base, settle


def settle_all(work: Work, proposals: Sequence[Proposal]) -> Iterator[Pull]:
    """Bring every pull request of ours to what is proposed, as they come. Raises what ``settle`` raises."""
    check_base(work.gh, work.base)
    standing = dict(_open_branches(work.gh, work))
    room = work.policy.limit - len(standing)
    asked = sorted(proposals, key=lambda each: not _wanted(work, each))  # what somebody ticked goes first
    for proposal in asked:
        pull = settle(work, proposal, room)
        room -= pull.operation == "created"
        yield pull
    keys = {proposal.group.key for proposal in proposals}
    for key, title in standing.items():
        if key not in keys:
            yield settle(work, Proposal(Group(key=key, title=title, scripts=()), ()), room)


def _wanted(work: Work, proposal: Proposal) -> bool:
    return any(change.verdict.path in work.policy.wanted for change in proposal.changes)


def _open_branches(gh: GitHub, work: Work) -> Iterator[tuple[str, str]]:
    """Group key → title of every open pull request of ours, by branch and memory; forks have branches of any name."""
    prefix = f"{work.policy.prefix}/"
    for pull in gh.pages("pulls", state="open", base=work.base.name):
        branch, repository = str(pull["head"]["ref"]), (pull["head"]["repo"] or {}).get("full_name")
        if branch.startswith(prefix) and repository == gh.repository and read_memory(pull["body"]):
            yield branch.removeprefix(prefix), branch
