"""Answers that stand on branches of open pull requests and not in the base yet: a later run must not forget them."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from s2r_ci.publish.answers_file import NAME, of_scripts, read_answers
from s2r_ci.publish.github_api import GitHub
from s2r_ci.publish.proposal import read_memory


class Standing(NamedTuple):
    """One open pull request of ours."""

    number: int
    branch: str
    head: str
    scripts: frozenset[str]


def standing_pulls(gh: GitHub, base: str, prefix: str) -> Iterator[Standing]:
    """Every open pull request of ours, by branch and memory; those of forks can have branches of any name."""
    for pull in gh.pages("pulls", state="open", base=base):
        branch, repository = str(pull["head"]["ref"]), (pull["head"]["repo"] or {}).get("full_name")
        memory = read_memory(pull["body"])
        if branch.startswith(f"{prefix}/") and repository == gh.repository and memory:
            yield Standing(int(pull["number"]), branch, str(pull["head"]["sha"]), frozenset(memory.scripts))


def remembered(gh: GitHub, pulls: "list[Standing]") -> dict[str, Mapping[str, Any]]:
    """Script → the answers that the branch of its pull request holds."""
    found: dict[str, Mapping[str, Any]] = {}
    for pull in pulls:
        found |= of_scripts(read_answers(file_at(gh, pull.head, NAME)), pull.scripts)
    return found


def file_at(gh: GitHub, commit: str, path: str) -> bytes | None:
    """A file at the root of a commit, or None. Raises GitHubError."""
    tree = gh.get(f"git/trees/{commit}")
    entry = next((each for each in tree["tree"] if each["path"] == path and each["type"] == "blob"), None)
    return blob(gh, str(entry["sha"])) if entry else None


def blob(gh: GitHub, sha: str) -> bytes:
    """The content that git knows by this name. Raises GitHubError."""
    return base64.b64decode(str(gh.get(f"git/blobs/{sha}")["content"]))
