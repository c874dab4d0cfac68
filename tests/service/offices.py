"""What the service's tests share: scripts, a target that leaves something open, a real client on a stand-in."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s2r_ci.model import Script, Site, Target, Volume
from s2r_service.conversion import Conversion, Task, convert
from s2r_service.model.asking import Budget
from s2r_service.model.bedrock import Bedrock, World, client
from s2r_service.model.catalogue import Catalogue, shipped
from s2r_service.standin.server import Standin

TEXT = """#!/bin/bash
#SBATCH --job-name=train
#SBATCH --gres=gpu:2 --mem=32G --time=2:00:00
module load pytorch-lightning
case "$MODE" in train|eval) ;; esac
squeue --me
srun python fit.py --mode "$MODE" --epochs 3
"""
IMAGE = "registry.example.com/ml/torch:2.4"
TARGET = Target(
    memory_mib=8192,
    working_directory="/scratch/lab",
    image_allow=(IMAGE, "registry.example.com/hpc/fortran:1"),
    site=Site(volumes={"/scratch": Volume(claim="scratch")}),
)
CATALOGUE = shipped()
SONNET = CATALOGUE.offer("sonnet").model_id


def task(text: str = TEXT, target: Target = TARGET, alias: str | None = None) -> Task:
    return Task(Script(path="jobs/train.sh", data=text.encode("utf-8", "surrogateescape")), target, alias)


def seconds(amount: float = 60.0) -> Budget:
    return Budget(deadline=time.monotonic() + amount, clock=time.monotonic)


@contextmanager
def standin(faults: str = "", *, mind: str = "sensible", **settings: Any) -> Iterator[tuple[Standin, Bedrock]]:
    """A stand-in, and the real client that talks to it; waiting between calls takes no time."""
    with Standin(faults=faults, mind=mind) as server:
        world = World(sleep=lambda _: None)
        yield server, Bedrock(client(region="us-west-2", endpoint=server.url), **{"world": world, **settings})


def converted(model: Bedrock, *, budget: Budget | None = None, catalogue: Catalogue = CATALOGUE) -> Conversion:
    return convert(task(), model, budget or seconds(), catalogue)
