"""Good manifests: what the rules write for every example, golden and oracle case, with answers so that it converts.

Each script is converted twice where that differs: bare, as a first run does it, and with a site map that knows every
name of the script and an answer to every question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.errors import ConversionError
from s2r_ci.model import ConversionRequest, ItemKind, JobSpec, Script, Service, Site, Target, Volume
from s2r_ci.slurm.job import read_script

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = {
    "example": (ROOT / "tests" / "examples" / "slurm", "*"),
    "demo": (ROOT / "examples", "*/*"),
    "oracle": (ROOT / "tests" / "oracle" / "cases", "*.sbatch"),
}
_OWN: Final = {
    "array-gpus": "#SBATCH --array=1-9:2%3\n#SBATCH --gpus-per-node=a100:4\n#SBATCH -t 1-02:00\n#SBATCH --mem=48G\n"
    "srun python fit.py --seed $SLURM_ARRAY_TASK_ID --out /data/lab/$SLURM_ARRAY_JOB_ID\n",
    "requeue": "#SBATCH --requeue\n#SBATCH -G 2\n#SBATCH -c 8\n#SBATCH --mem-per-cpu=3G\n#SBATCH -t 90\n"
    "#SBATCH --signal=B:USR1@120\npython fit.py\n",
    "requeue-array": "#SBATCH --requeue\n#SBATCH -a 3,5,9-12\n#SBATCH -t 2:30:00\n#SBATCH -p gpu,long\n./fit\n",
    "torch": "#SBATCH -N 4\n#SBATCH --gpus-per-node=8\n#SBATCH --ntasks-per-node=1\n#SBATCH -c 48\n#SBATCH --mem=400G\n"
    "#SBATCH -t 2-00:00:00\n#SBATCH -x n[01-03]\nexport NCCL_DEBUG=WARN\nsrun torchrun --nproc-per-node=8 t.py\n",
    "torch-requeue": "#SBATCH -N 2\n#SBATCH --gres=gpu:h100:4\n#SBATCH -t 600\n#SBATCH --requeue\n#SBATCH --mem=64G\n"
    "srun torchrun t.py\n",
    "mpi": "#SBATCH -N 3\n#SBATCH --ntasks-per-node=16\n#SBATCH --mem=96G\n#SBATCH -t 5:00:00\n#SBATCH -C ib\n"
    "#SBATCH --tmp=20G\nexport OMP_NUM_THREADS=1\nmpirun ./model -i /scratch/lab/in.nml\n",
    "mpi-requeue": "#SBATCH -N 2\n#SBATCH -n 8\n#SBATCH --requeue\n#SBATCH -t 30\n#SBATCH --mem=8G\nmpirun ./x\n",
    "held": "#SBATCH -H\n#SBATCH --export=LR=0.1,RUN=7\n#SBATCH -D /vols/lab\n#SBATCH -w n7\n#SBATCH --qos=high\n"
    "#SBATCH --gres=nvme:2\n#SBATCH --mem=7G\n./x $LR $RUN\n",
}  # fmt: skip
SCRIPTS: Final = {f"own/{name}": f"#!/bin/bash\n#SBATCH -J {name}\n{text}" for name, text in _OWN.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A script, where it shall go, and a manifest that nothing speaks against."""

    name: str
    request: ConversionRequest
    body: dict[str, Any]


@cache
def good(target: str = "kubernetes") -> tuple[Good, ...]:
    """All of them, in a fixed order."""
    return tuple(_good(target))


def scripts() -> Iterator[tuple[str, Script]]:
    """Every file of the collections, and a few scripts whose options the collections use seldom."""
    for word, (folder, pattern) in FOLDERS.items():
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and path.suffix != ".md":
                yield f"{word}/{path.name}", Script(path=path.name, data=path.read_bytes())
    for name, text in SCRIPTS.items():
        yield name, Script(path=f"{name}.sh", data=text.encode())


def _good(name: str) -> Iterator[Good]:
    for word, script in scripts():
        reading = read_script(script)
        secret = any(finding.rule.id == "secret-in-script" for finding in reading.findings)
        if reading.refused or len(reading.jobs) != 1 or secret:
            continue
        job = reading.jobs[0]
        for how, target in (("bare", Target(name=name)), ("answered", answered(job, name))):
            try:
                request = ConversionRequest(script=script, job=job, target=target)
                body = RulesConverter().convert(request).manifest.body
            except ConversionError:
                continue
            yield Good(name=f"{word} {how}", request=request, body=body)


def answered(job: JobSpec, name: str = "kubernetes") -> Target:
    """A site that knows every name of the script, and an answer to each question it can raise."""
    options = job.options
    folders = {_top(item.name) for item in job.inventory if item.kind is ItemKind.PATH} | {"/vols/lab"}
    site = Site(
        partitions={word: (f"{_plain(word)}-pool", "spare") for word in _words(options.get("partition", ""), ",")},
        accounts={options["account"]: "vision"} if "account" in options else {},
        qos={options["qos"]: Service(priority="medium")} if "qos" in options else {},
        gpus={model: {"gpu.product": model.upper()} for model in (job.resources.gpu_model,) if model},
        features={word: {"feature": word} for word in _words(options.get("constraint", "").strip("'\""), "&")},
        volumes={folder: Volume(claim=f"claim-{n}") for n, folder in enumerate(sorted(folders))},
        gres={word: f"example.com/{word}" for word in job.resources.other_gres},
    )
    return Target(
        name=name, image="registry.example.com/team/x:1.2", memory_mib=24576, working_directory="/vols/lab/run", gpus=1,
        arguments=("first", "2"), variables={"DATASET": "c4"}, project="" if "account" in options else "team", site=site,
    )  # fmt: skip


def bare(good: Good) -> bool:
    """Without any answer."""
    return good.name.endswith(" bare")


def _words(text: str, mark: str) -> list[str]:
    return [word for word in text.split(mark) if word]


def _plain(text: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def _top(path: str) -> str:
    return "/" + "/".join(path.strip("/").split("/")[:2])


def with_site(good: Good, **changes: Any) -> ConversionRequest:
    """The request with another site map."""
    target = good.request.target
    return replace(good.request, target=replace(target, site=replace(target.site, **changes)))
