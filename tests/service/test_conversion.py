"""A conversion without a model: the rules' own manifest."""

import pytest

from s2r_ci.errors import ConversionError
from s2r_ci.model import Script, Target
from s2r_service.conversion import Budget, Task, convert
from s2r_service.model.catalogue import Catalogue, Offer

CATALOGUE = Catalogue({"sonnet": Offer("sonnet", "us.example.model-v1:0")}, "sonnet")
PLENTY = Budget(deadline=60.0, clock=lambda: 0.0)
TARGET = Target(image="team/train:1", memory_mib=8192)


def task(text: str, target: Target = TARGET) -> Task:
    return Task(Script(path="job.sh", data=text.encode()), target)


def test_without_a_model_the_manifest_is_by_rules() -> None:
    made = convert(task("#!/bin/bash\n#SBATCH --gres=gpu:2\npython fit.py\n"), None, PLENTY, CATALOGUE)
    assert made.model is None
    assert made.usage.calls == 0
    assert 'nvidia.com/gpu: "2"' in made.manifest


def test_a_script_that_sbatch_refuses_is_refused() -> None:
    with pytest.raises(ConversionError):
        convert(task("#!/bin/bash\n#SBATCH --nodes=many\ntrue\n"), None, PLENTY, CATALOGUE)
