"""What else the service is asked: what is left of the quota, whether it is there, what its clock says."""

import time
from typing import NamedTuple

from s2r_ci.envelope import Repo
from s2r_ci.errors import MalformedReplyError
from s2r_ci.remote.answers import document
from s2r_ci.remote.client import Client
from s2r_ci.remote.first import is_first
from s2r_ci.remote.transport import Transport


class Quota(NamedTuple):
    """What the key may still ask for today."""

    limit: int
    remaining: int
    reset_s: int = 0  # seconds to the next day


def quota(client: Client, repo: Repo | None = None) -> Quota:
    """The quota that is left, of the key and of the repository. Raises what ``Client.ask`` raises."""
    said = document(client.ask(client.envelope("GET", "/v1/quota", repo=repo)), client.access.origin)
    counts = [said.get(name) for name in ("limit", "remaining", "resets_in")]
    if not all(type(count) is int and 0 <= count < 10**12 for count in counts):
        raise MalformedReplyError("the answer holds no quota", where=client.access.origin)
    return Quota(*(int(str(count)) for count in counts))


class Health(NamedTuple):
    """What an unsigned look at the service tells."""

    versions: tuple[int, ...]
    skew_s: int  # how far the service's clock is ahead of ours
    first: bool = False  # a server of the first s2r, which tells neither


def health(transport: Transport) -> Health:
    """Whether the service answers. Raises TransportError and MalformedReplyError."""
    answer = transport.send("GET", "/healthz", {}, b"", within_s=10.0)
    if is_first(answer, transport.origin):
        return Health((), 0, first=True)
    said = document(answer, transport.origin)
    versions, then = said.get("s2r"), said.get("time")
    if answer.status != 200 or not isinstance(versions, list) or type(then) is not int:
        raise MalformedReplyError("the answer is none of our service", where=transport.origin)
    return Health(tuple(each for each in versions if type(each) is int), then - int(time.time()))
