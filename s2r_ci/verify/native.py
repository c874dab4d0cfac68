"""The judge's readers of Run:ai's own forms: custom resources, REST bodies and the command line.

Each form is lifted into the shape of the standard kinds, which ``facts`` reads: one neutral form for all. A form that
has no field for something leaves it in ``Facts.unsaid``, so that no promise is asked of it that it cannot give; what a
lifting does not know is kept under a name that no kind has, and policy refuses it (P-02). Nothing here raises.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from s2r_ci.frozen import replace
from s2r_ci.model import Manifest
from s2r_ci.verify.facts import Facts, read_facts
from s2r_ci.verify.native_cli import lift_cli
from s2r_ci.verify.native_custom import lift_custom
from s2r_ci.verify.native_pod import Lifted
from s2r_ci.verify.native_rest import lift_rest

UNSAID: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "v2alpha1": frozenset(
            {
                "features", "gres", "gpu-model", "nodelist", "exclude", "tmp", "tasks", "priority", "preemptibility",
                "restartPolicy", "uid", "waits", "sub-path", "queue", "exclusive", "topology", "spread",
            }
        ),
        "rest": frozenset(
            {"hold", "sub-path", "queue", "tasks of PyTorch", "exclusive", "prefer", "topology", "spread"}
        ),
        "cli": frozenset(
            {
                "features", "gpu-model", "nodelist", "hold", "sub-path", "read-only", "queue", "tasks of PyTorch",
                "uid of MPIJob", "throttle", "exclusive", "topology", "spread",
            }
        ),
    }
)  # fmt: skip
"""What a form has no field for."""


def read_native(manifest: Manifest, target: str) -> Facts:
    """What a manifest of a native target says. Takes any JSON value, never raises."""
    try:
        lifted = _LIFTS[target](manifest.body)
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError):
        # A value of a shape that no form has, where the lifting looks into it: no kind, which every check refuses.
        lifted = Lifted({"kind": "", "of no form": str(type(manifest.body))})
    facts = read_facts(Manifest(body=lifted.body))
    return replace(
        facts,
        form=target,
        unsaid=UNSAID[target],
        preemption_ends=lifted.ends.preemption_ends,
        native_backoff=lifted.ends.backoff_limit,
    )


_LIFTS: Final[Mapping[str, Callable[[object], Lifted]]] = MappingProxyType(
    {"v2alpha1": lift_custom, "rest": lift_rest, "cli": lift_cli}
)
