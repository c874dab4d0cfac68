"""What a pull request would carry: manifests, the scripts they came from, and a memory of both in its own text.

The memory is a comment in the body that GitHub does not show: the digest of each script, and of all that is proposed.
It is how a later run knows what was refused, and that nothing changed.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.model import Verdict
from s2r_ci.patterns import lazy
from s2r_ci.publish.groups import Group
from s2r_ci.publish.left_out import LeftOut
from s2r_ci.publish.removal import Removal

TRAILER: Final = "S2r-Ci-Content"  # every commit of ours ends with it
_MARKER: Final = lazy(r"<!-- s2r-ci (\{.*?\}) -->", re.DOTALL)
_DIGEST: Final = lazy(r"[0-9a-f]{64}")


class Change(NamedTuple):
    """One manifest, and the verdict on its script."""

    verdict: Verdict
    script_digest: str
    data: bytes

    @property
    def path(self) -> str:
        """Where the manifest lies."""
        return self.verdict.manifest_path

    @property
    def blob(self) -> str:
        """The name that git gives to this content."""
        return blob_of(self.data)


class Extra(NamedTuple):
    """A file of the tool's own that goes with the manifests: the answers that they were made with."""

    path: str
    data: bytes

    @property
    def blob(self) -> str:
        """The name that git gives to this content."""
        return blob_of(self.data)


def blob_of(data: bytes) -> str:
    """The name that git gives to a file's content."""
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


class Proposal(NamedTuple):
    """The changes of one group."""

    group: Group
    changes: tuple[Change, ...]
    extras: tuple[Extra, ...] = ()
    removals: tuple[Removal, ...] = ()
    left: tuple[LeftOut, ...] = ()  # scripts of the group that nothing is proposed for: told, never committed

    def __bool__(self) -> bool:
        """Whether anything is proposed: answers alone are nothing."""
        return bool(self.changes or self.removals)

    @property
    def blobs(self) -> dict[str, str]:
        """Path → what git calls its content on the branch; empty where the file is taken away."""
        kept = {path: blob_of(data) for path, data in self.files.items()}
        return kept | {each.path: "" for each in self.removals}

    @property
    def memory(self) -> dict[str, str]:
        """Script → digest of what is proposed for it: the script's own, or that of the manifest taken away."""
        gone = {each.source: each.digest for each in self.removals}
        return gone | {change.verdict.path: change.script_digest for change in self.changes}

    @property
    def files(self) -> dict[str, bytes]:
        """Path → content of everything that is committed."""
        return {change.path: change.data for change in self.changes} | {e.path: e.data for e in self.extras}

    @property
    def content(self) -> str:
        """SHA-256 of everything that is proposed, in hex."""
        told = "".join(f"{c.verdict.path}\0{c.script_digest}\0{c.path}\0{c.blob}\n" for c in self.changes)
        told += "".join(f"{extra.path}\0{extra.blob}\n" for extra in self.extras)
        told += "".join(f"{each.path}\0\0{each.digest}\n" for each in self.removals)
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()

    def without(self, refused: Mapping[str, str]) -> "Proposal":
        """The same without scripts that were refused as they are now."""
        kept = tuple(c for c in self.changes if refused.get(c.verdict.path) != c.script_digest)
        gone = tuple(each for each in self.removals if refused.get(each.source) != each.digest)
        return self._replace(changes=kept, removals=gone)


class Memory(NamedTuple):
    """What a pull request remembers: script → digest, and the digest of its content."""

    scripts: Mapping[str, str]
    content: str
    gone: tuple[Removal, ...] = ()
    over: bool = False  # we are closing it, or have: that is no "no"


def write_memory(proposal: Proposal) -> str:
    """The comment; its dashes are spelt so that nothing in it can end the comment early."""
    value: dict[str, Any] = {
        "v": 1,
        "content": proposal.content,
        "scripts": proposal.memory,
    }
    if proposal.removals:
        value["gone"] = {each.path: list(each[1:]) for each in proposal.removals}
    return _marked(value)


def _marked(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=True, sort_keys=True)
    for letter in "-<>":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return f"<!-- s2r-ci {text} -->"


def read_memory(body: str | None) -> Memory | None:
    """What a body remembers; None when it says nothing that can be read: anybody can edit it."""
    for found in reversed(_MARKER.findall(body or "")):
        try:
            value = json.loads(found)
        except (ValueError, RecursionError):
            continue
        scripts, content = value.get("scripts"), value.get("content")
        if isinstance(scripts, dict) and isinstance(content, str) and _DIGEST.fullmatch(content):
            kept = {path: digest for path, digest in scripts.items() if isinstance(digest, str)}
            return Memory(kept, content, tuple(_gone(value.get("gone"))), value.get("over") is True)
    return None


def _gone(value: object) -> Iterator[Removal]:
    for path, rest in value.items() if isinstance(value, dict) else ():
        if isinstance(rest, list) and len(rest) == 3 and all(isinstance(each, str) for each in rest):
            yield Removal(path, *rest)


def ended(body: str, memory: Memory) -> str:
    """The body of one that is over: it stays ours until the last step is done, and is no "no" afterwards."""
    value = {"v": 1, "content": memory.content, "scripts": dict(memory.scripts), "over": True}
    return f"{_MARKER.sub('', body).rstrip()}\n\n{_marked(value)}\n"


def commit_message(proposal: Proposal) -> str:
    """A subject without foreign text, and the trailer by which a commit is known as ours."""
    return f"{title_of(proposal)}\n\n{TRAILER}: {proposal.content}\n"


def title_of(proposal: Proposal) -> str:
    """The title of the pull request: a fixed text and a number."""
    count = len(proposal.changes)
    if not count:
        gone = len(proposal.removals)
        return f"Take away {gone} Run:ai manifest{'' if gone == 1 else 's'} without a script"
    return f"Run:ai manifests for {count} Slurm batch script{'' if count == 1 else 's'}"


def is_ours(message: str) -> bool:
    """Whether a commit message carries our trailer."""
    return bool(re.search(rf"^{TRAILER}: [0-9a-f]{{64}}\s*\Z", message, re.MULTILINE))
