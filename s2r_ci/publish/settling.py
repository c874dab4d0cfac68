"""All groups of a run, one after the other: those that propose something, and open ones that do not any more."""

from collections.abc import Iterator, Sequence

from s2r_ci.publish.groups import Group
from s2r_ci.publish.proposal import Proposal
from s2r_ci.publish.pull_request import Pull, Work, settle
from s2r_ci.publish.remembered import Standing


def settle_all(work: Work, proposals: Sequence[Proposal], pulls: Sequence[Standing]) -> Iterator[Pull]:
    """Bring every pull request of ours to what is proposed, as they come; ``pulls`` are those that are open. Raises
    what ``settle`` raises.
    """
    prefix = f"{work.policy.prefix}/"
    standing = [pull.branch.removeprefix(prefix) for pull in pulls]
    room = work.policy.limit - len(standing)
    asked = sorted(proposals, key=lambda each: not _wanted(work, each))  # what somebody ticked goes first
    for proposal in asked:
        pull = settle(work, proposal, room)
        room -= pull.operation == "created"
        manifests = tuple(change.path for change in proposal.changes)
        yield pull._replace(manifests=manifests, gone=tuple(each.path for each in proposal.removals))
    keys = {proposal.group.key for proposal in proposals}
    for key in standing:
        if key not in keys:
            yield settle(work, Proposal(Group(key=key, title=prefix + key, scripts=()), ()), room)


def _wanted(work: Work, proposal: Proposal) -> bool:
    return any(change.verdict.path in work.policy.wanted for change in proposal.changes)
