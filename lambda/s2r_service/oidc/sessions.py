"""``POST /v1/session``: a workflow's token, once, for a key of fifteen minutes that stands for one repository.

A session's secret is the MAC of its key id under the deployment's issuing secret, and the id holds repository and end.
So nothing has to be looked up to check a signature with it, and who revokes the issuing secret ends all sessions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from s2r_ci import signing
from s2r_service.authentication import Refused
from s2r_service.keyring import SESSION_S, session_kid, session_secret
from s2r_service.messages import Request, Response, json_response
from s2r_service.oidc.issuer import Issuer, IssuerUnavailableError
from s2r_service.oidc.token import Subject, TokenError, is_signed, read_token, subject_of
from s2r_service.parts import Parts

GITHUB: Final = "https://token.actions.githubusercontent.com"
EVENTS: Final = ("push", "pull_request", "schedule", "workflow_dispatch", "workflow_call", "merge_group", "release")
_SEEN_S: Final = 3_600  # beyond the token's own end
_LARGEST_BODY: Final = 1_024


class Policy(NamedTuple):
    """Whose tokens are taken. Repository or owner has to be named; of the rest an empty one means any."""

    issuer: str
    audiences: frozenset[str]
    repositories: frozenset[str]  # ids: a name can be given to somebody else
    owners: frozenset[str]
    events: frozenset[str]
    refs: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    workflows: frozenset[str] = frozenset()

    def allows(self, subject: Subject) -> bool:
        """Whether this deployment serves who the token speaks for."""
        claims = subject.claims
        named = subject.repository_id in self.repositories or subject.owner_id in self.owners
        further: Mapping[str, frozenset[str]] = {
            "ref": self.refs, "environment": self.environments, "job_workflow_ref": self.workflows,
        }  # fmt: skip
        fits = all(_said(claims, name) in allowed for name, allowed in further.items() if allowed)
        return named and fits and _said(claims, "event_name") in self.events


def _said(claims: Mapping[str, object], name: str) -> str:
    """A claim that is a text; empty for every other."""
    value = claims.get(name)
    return value if isinstance(value, str) else ""


class Oidc(NamedTuple):
    """What a deployment that takes tokens has besides."""

    policy: Policy
    issuer: Issuer


def session(request: Request, parts: Parts) -> Response:
    """Exchange a workflow's OIDC token for a key of fifteen minutes."""
    oidc, issuing = parts.oidc, parts.keyring().issuers
    if oidc is None or not issuing:
        raise Refused("not-found")
    if request.body is None or len(request.body) > _LARGEST_BODY:
        raise Refused("payload-too-large" if request.body else "malformed-request")
    now_s = parts.now_ns() // 10**9
    try:
        subject = _subject(_bearer(request), oidc, now_s)
    except TokenError as error:
        parts.observe({"event": "token", "refused": str(error)})
        raise Refused("invalid-token") from None
    except IssuerUnavailableError:
        raise Refused("issuer-unavailable") from None
    if not oidc.policy.allows(subject):
        raise Refused("forbidden-repository")
    if not _first_time(subject, parts):
        raise Refused("invalid-token")
    kid = session_kid(subject.repository_id, now_s + SESSION_S, parts.token())
    document = {"s2r": 1, "kid": kid, "secret": session_secret(issuing[0], kid), "not_after": now_s + SESSION_S}
    return json_response(200, document)


def _bearer(request: Request) -> str:
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenError("one header Authorization: Bearer TOKEN")
    return token


def _subject(text: str, oidc: Oidc, now_s: int) -> Subject:
    token, policy = read_token(text), oidc.policy
    subject = subject_of(token.claims, issuer=policy.issuer, audiences=policy.audiences, now_s=now_s)
    key = oidc.issuer.key(token.kid)
    if key is None or not is_signed(token, key):
        raise TokenError("the signature")
    return subject


def _first_time(subject: Subject, parts: Parts) -> bool:
    """Use up a token. Our own write, repeated after a lost answer, is still the first."""
    name = hashlib.sha256(f"{subject.claims['iss']}\0{subject.jti}".encode("utf-8", "surrogatepass")).hexdigest()
    pk, own = f"jti#{name}", parts.token()
    if parts.store.put({"pk": pk, "own": own, "ttl": subject.expires_s + _SEEN_S}):
        return True
    there = parts.store.get(pk)
    return there is not None and there.get("own") == own


def needs_issuing_key() -> str:
    """What to tell an operator whose list of keys has no entry that issues."""
    return f'add {{"kid": "issuer", "secret": ..., "state": "issuer"}} ({signing.SHORTEST_SECRET} octets or more)'
