"""Manifests of ours whose script is gone."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from s2r_ci import rules
from s2r_ci.discover import read_file
from s2r_ci.errors import IncompleteError
from s2r_ci.model import Finding, Location, Report, ScriptClass
from s2r_ci.runai.document import read_document

if TYPE_CHECKING:
    from s2r_ci.cli.common import Place
    from s2r_ci.discover import Found


def orphans(place: "Place", found: "Found", report: Report) -> Iterator[Finding]:
    """A finding for each manifest that names a script which is not there any more."""
    known = {verdict.manifest_path for verdict in report.verdicts if verdict.manifest_path}
    for candidate in found.others:
        if candidate.script_class is ScriptClass.MANIFEST and candidate.path not in known:
            source = _source(place.root, candidate.path)
            if source and not os.path.lexists(os.path.join(place.root, source)):
                yield Finding(
                    rule=rules.MANIFEST_ORPHANED,
                    message=f"its script {source} is gone",
                    location=Location(path=candidate.path),
                    subject="manifest",
                )


def _source(root: str, path: str) -> str:
    try:
        document = read_document(read_file(root, path))
    except IncompleteError:
        return ""
    return document.stamp.source if document else ""
