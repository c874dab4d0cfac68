"""What an event may do: who stands behind it, whether a secret can be used, and the one sentence that says why.

The rules are those of the security design, section 9.2. An event that cannot be read is taken for the least trusted
one. Nothing here asks the network.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError

_LARGEST_EVENT: Final = 26_214_400  # octets; GitHub's own limit for a webhook is 25 MiB
_PRIVILEGED: Final = ("pull_request_target", "workflow_run", "issue_comment")
_PULL_REQUESTS: Final = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
)
_ROBOT: Final = "dependabot[bot]"


class Situation(NamedTuple):
    """``offline``: secrets are not used, the service is not asked. ``mode`` is what is done in the end."""

    word: str  # push, same-repository, fork, dependabot, inspect-only, comment, merge-queue, manual, outside
    mode: str
    offline: bool = False
    why: tuple[str, ...] = ()  # each a sentence


def read_event(environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The event's payload; None when there is none or it is no JSON object of a sane size."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        if not path or os.path.getsize(path) > _LARGEST_EVENT:
            return None
        with open(path, "rb") as file:
            event = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def situation_of(
    mode: str, environ: Mapping[str, str], event: Mapping[str, Any] | None, *, inspect_only: bool = False
) -> Situation:
    """What this run may do. Raises ConfigurationError for an event that is refused."""
    name = environ.get("GITHUB_EVENT_NAME", "")
    if mode == "command":
        return _commanded(name)
    if name in _PRIVILEGED:
        return _privileged(name, mode, inspect_only=inspect_only)
    if name in _PULL_REQUESTS:
        return _pull_request(mode, environ, event)
    word = {"push": "push", "merge_group": "merge-queue", "": "outside"}.get(name, "manual")
    if word == "merge-queue" and mode == "pr":
        return Situation(word, "check", why=("In a merge queue nothing is opened: checked instead.",))
    return Situation(word, mode)


def _commanded(name: str) -> Situation:
    if name != "issue_comment":
        raise ConfigurationError(
            f"mode command answers comments, and this event is {name or 'none of GitHub'!r}",
            where="input mode",
            hint="start the workflow with `on: issue_comment`, or choose another mode",
        )
    return Situation("comment", "command")


def _privileged(name: str, mode: str, *, inspect_only: bool) -> Situation:
    if name == "issue_comment":
        raise ConfigurationError(
            "a comment starts this workflow with the rights of the default branch, whoever wrote it",
            where=f"event {name}",
            hint="use mode: command, which asks for the commenter's rights first",
        )
    if not inspect_only:
        raise ConfigurationError(
            f"{name} gives secrets and a writing token to a run that may look at a stranger's files",
            where=f"event {name}",
            hint="use `on: pull_request`; or set allow-privileged-event: inspect-only to check offline",
        )
    why = f"{name} runs with the base repository's rights: checked offline, secrets ignored."
    return Situation("inspect-only", _harmless(mode), offline=True, why=(why,))


def _pull_request(mode: str, environ: Mapping[str, str], event: Mapping[str, Any] | None) -> Situation:
    if _from_robot(environ, event):
        why = (
            "A pull request of Dependabot has no secrets: checked offline; conversion not verified by the service."
        )
        return Situation("dependabot", _harmless(mode), offline=True, why=(why,))
    if not _same_repository(environ, event):
        why = "A pull request from a fork has no secrets: checked offline; conversion not verified by the service."
        return Situation("fork", _harmless(mode), offline=True, why=(why,))
    if mode == "pr":
        return Situation(
            "same-repository", "check", why=("A pull request is not answered with another one: checked instead.",)
        )
    return Situation("same-repository", mode)


def _harmless(mode: str) -> str:
    """What is left of a mode for somebody who is not trusted: nothing is written for them."""
    return mode if mode in ("audit", "lint") else "check"


def _from_robot(environ: Mapping[str, str], event: Mapping[str, Any] | None) -> bool:
    author = _at(event, "pull_request", "user", "login")
    return environ.get("GITHUB_ACTOR") == _ROBOT or author == _ROBOT


def _same_repository(environ: Mapping[str, str], event: Mapping[str, Any] | None) -> bool:
    """Whether head and base are one repository. What is missing counts as a fork."""
    here = environ.get("GITHUB_REPOSITORY", "")
    head, base = (_at(event, "pull_request", side, "repo", "full_name") for side in ("head", "base"))
    return bool(here) and head == base == here and _at(event, "pull_request", "head", "repo", "fork") is not None


def _at(value: object, *names: str) -> object:
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
