"""Manifests whose script is gone: taken away by the pull request, where they are the tool's own and as it wrote them.

The header proves whose file it is, and its digest that nobody edited it since. One that was edited is a person's by
now: it is reported and left.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from s2r_ci.model import Report
from s2r_ci.rules import MANIFEST_ORPHANED
from s2r_ci.runai.document import read_document


class Removal(NamedTuple):
    """One manifest to be taken away. ``script_digest`` is that of the script it was made from, SHA-256 in hex."""

    path: str
    source: str  # where the script was
    script_digest: str
    digest: str  # SHA-256 of the manifest, in hex: what a no is remembered by


def removals(
    report: Report,
    committed: Mapping[str, str],
    blob_of: Callable[[bytes], str],
    read: Callable[[str], bytes | None],
) -> Iterator[Removal]:
    """The orphans of a report that are committed as they lie here, whole, and whose script is in no commit either."""
    for finding in report.findings_elsewhere:
        path = finding.location.path
        if finding.rule is not MANIFEST_ORPHANED or finding.suppression or path not in committed:
            continue
        data = read(path)
        document = read_document(data) if data is not None else None
        if data is None or document is None or not document.intact or committed[path] != blob_of(data):
            continue
        stamp = document.stamp
        if stamp.source not in committed:
            yield Removal(path, stamp.source, stamp.source_digest, hashlib.sha256(data).hexdigest())


def places_of(gone: Iterable[Removal], scripts: Mapping[str, str]) -> dict[str, str]:
    """Manifest → the path that says which group takes it away: the script's new one, where it only moved.

    ``scripts`` are those whose manifests are proposed, path → digest.
    """
    moved = {digest: path for path, digest in sorted(scripts.items(), reverse=True)}
    return {each.path: moved.get(each.script_digest, each.source) for each in gone}
