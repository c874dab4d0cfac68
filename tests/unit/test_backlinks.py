"""From manifest lines back to script lines."""

import pytest

from s2r_ci.model import Disposition, Item, ItemKind, LedgerEntry, Location
from s2r_ci.runai.backlinks import backlinks, resolve

ENV = ["odd", {"name": "B", "value": "1"}, {"name": 7}]
LIMITS = {"nvidia.com/gpu": "2", "cpu": "4"}
MAIN = {"resources": {"limits": LIMITS}, "a.b": {"a": 1}, "name": "main", "env": ENV}
BODY = {
    "metadata": {"name": "x", "annotations": {"runai-nodepools": "gpu"}},
    "spec": {"containers": [MAIN]},
}


@pytest.mark.parametrize(
    ("field", "steps"),
    [
        ("metadata.name", ("metadata", "name")),
        ("metadata.annotations.runai-nodepools", ("metadata", "annotations", "runai-nodepools")),
        (
            "spec.containers[0].resources.limits.nvidia.com/gpu",
            ("spec", "containers", 0, "resources", "limits", "nvidia.com/gpu"),
        ),
        ("spec.containers[0].a.b.a", ("spec", "containers", 0, "a.b", "a")),
        ("spec.containers.main.env.B", ("spec", "containers", 0, "env", 1)),
        ("spec.containers.main.env.B.value", ("spec", "containers", 0, "env", 1, "value")),
        ("spec.containers[0].env.C", ()),
        ("spec.containers[0].env.BB", ()),
        ("spec.containers[1]", ()),
        ("spec.containers[x]", ()),
        ("spec.nothing", ()),
        ("spec.containers[0].resources.limits.cpu.more", ()),
        ("", ()),
    ],
)
def test_resolves_a_dotted_path(field: str, steps: tuple[str | int, ...]) -> None:
    assert resolve(field, BODY) == steps


def entry(line: int, name: str, value: str, field: str, disposition: Disposition) -> LedgerEntry:
    item = Item(kind=ItemKind.DIRECTIVE, name=name, value=value, location=Location(path="j", line=line))
    return LedgerEntry(item=item, disposition=disposition, field=field, reason="r")


def test_several_lines_for_one_node_stand_in_order() -> None:
    gpu = "spec.containers[0].resources.limits.nvidia.com/gpu"
    ledger = [
        entry(3, "gpus", "4", gpu, Disposition.EXACT),
        entry(4, "nodes", "2", gpu, Disposition.APPROXIMATE),
        entry(5, "mail-type", "END", "", Disposition.NOT_EXPRESSIBLE),
        entry(6, "comment", "a\nb", "metadata.name", Disposition.EXACT),
    ]
    assert backlinks(ledger, BODY) == {
        ("spec", "containers", 0, "resources", "limits", "nvidia.com/gpu"): (
            "line 3: --gpus=4, line 4: --nodes=2 (approximate)"
        ),
        ("metadata", "name"): "line 6: --comment=a",
    }
