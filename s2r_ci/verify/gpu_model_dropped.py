"""gpu-model-dropped: a script that names a GPU model gets that model."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import model_labels
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """The labels that the site map has for the model are in the node selector of every pod with GPUs."""
    model = request.job.resources.gpu_model
    for label, value in model_labels(request).items() if "gpu-model" not in facts.unsaid else ():
        for role in facts.workers:
            said = role.node_selector.get(label)
            if said != value:
                message = (
                    f"the script asks for {model}, which is {label}: {value}; the manifest says {said or 'nothing'}"
                )
                yield Breach(message=message, subject="gpu-model", steps=(*role.spec, "nodeSelector", label))
