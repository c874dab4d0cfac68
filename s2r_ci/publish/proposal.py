"""What a pull request would carry: manifests, the scripts they came from, and a memory of both in its own text.

The memory is a comment in the body that GitHub does not show: the digest of each script, and of all that is proposed.
It is how a later run knows what was refused, and that nothing changed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from s2r_ci.model import Verdict
from s2r_ci.publish.groups import Group

TRAILER: Final = "S2r-Ci-Content"  # every commit of ours ends with it
_MARKER: Final = re.compile(r"<!-- s2r-ci (\{.*?\}) -->", re.DOTALL)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


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

    @property
    def files(self) -> dict[str, bytes]:
        """Path → content of everything that is committed."""
        return {change.path: change.data for change in self.changes} | {e.path: e.data for e in self.extras}

    @property
    def content(self) -> str:
        """SHA-256 of everything that is proposed, in hex."""
        told = "".join(f"{c.verdict.path}\0{c.script_digest}\0{c.path}\0{c.blob}\n" for c in self.changes)
        told += "".join(f"{extra.path}\0{extra.blob}\n" for extra in self.extras)
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()

    def without(self, refused: Mapping[str, str]) -> "Proposal":
        """The same without scripts that were refused as they are now."""
        kept = tuple(c for c in self.changes if refused.get(c.verdict.path) != c.script_digest)
        return self._replace(changes=kept)


class Memory(NamedTuple):
    """What a pull request remembers: script → digest, and the digest of its content."""

    scripts: Mapping[str, str]
    content: str


def write_memory(proposal: Proposal) -> str:
    """The comment; its dashes are spelt so that nothing in it can end the comment early."""
    value = {
        "v": 1,
        "content": proposal.content,
        "scripts": {change.verdict.path: change.script_digest for change in proposal.changes},
    }
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
            return Memory(scripts=kept, content=content)
    return None


def forgotten(body: str) -> str:
    """The body without its memory."""
    return _MARKER.sub("", body).rstrip() + "\n"


def commit_message(proposal: Proposal) -> str:
    """A subject without foreign text, and the trailer by which a commit is known as ours."""
    return f"{title_of(proposal)}\n\n{TRAILER}: {proposal.content}\n"


def title_of(proposal: Proposal) -> str:
    """The title of the pull request: a fixed text and a number."""
    count = len(proposal.changes)
    return f"Run:ai manifests for {count} Slurm batch script{'' if count == 1 else 's'}"


def is_ours(message: str) -> bool:
    """Whether a commit message carries our trailer."""
    return bool(re.search(rf"^{TRAILER}: [0-9a-f]{{64}}\s*\Z", message, re.MULTILINE))
