# ruff: noqa: E501 - one line an item
"""The inventory of every example, item by item, as a person would list it."""

from pathlib import Path
from typing import Final

import pytest

from s2r_ci.model import Script
from s2r_ci.slurm.body import read_body

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "slurm"

# line:column kind name | value
EXPECTED: Final = {
    "accelerate-multinode.sh": r"""
        9:8 path ~/.bashrc
        9:8 module source | ~/.bashrc
        10:1 module conda | sft
        13:10 command scontrol | scontrol show hostnames "$SLURM_JOB_NODELIST"
        13:36 variable SLURM_JOB_NODELIST
        14:16 launcher srun | srun --nodes=1 --ntasks=1 -w "${nodes[0]}" hostname --ip-address
        17:19 variable SLURM_NNODES
        19:20 variable SLURM_PROCID
        21:1 launcher srun | srun --jobid "$SLURM_JOB_ID" bash -c "$LAUNCHER sft.py --config recipe.yaml"
        21:16 variable SLURM_JOB_ID
        21:39 launcher accelerate | accelerate launch --config_file zero3.yaml --num_machines $SLURM_NNODES --num_processes $((SLURM_NNODES * 8)) --main_process_ip $head_node_ip --main_process_port 6000 --machine_rank $SLURM_PROCID --rdzv_backend c10d sft.py --config recipe.yaml
    """,
    "apptainer-docker-ref.sh": r"""
        8:29 argument SCRATCH
        9:1 container singularity | docker://team/annotate:2.1
        10:24 variable SLURM_CPUS_PER_TASK
    """,
    "apptainer-sif.sh": r"""
        9:13 module module | apptainer
        10:1 container apptainer | images/segment.sif
        10:30 argument SCRATCH
        11:10 path /opt/segment/run.py
        11:38 path /scans
    """,
    "arguments-and-environment.sh": r"""
        7:8 argument $1
        8:10 argument $2
        9:8 argument $3 | 42
        10:6 argument RESULTS
        12:8 module venv | venv/bin/activate
        13:101 argument $@
    """,
    "array-argument.sh": r"""
        8:13 module module | R
        9:23 variable SLURM_ARRAY_TASK_ID
    """,
    "array-bash-index.sh": r"""
        10:13 variable SLURM_ARRAY_TASK_ID
        11:17 variable SLURM_ARRAY_TASK_ID
        13:8 module venv | venv/bin/activate
    """,
    "array-file-lines.sh": r"""
        9:13 module module | bwa
        9:17 module module | samtools
        11:20 variable SLURM_ARRAY_TASK_ID
        13:14 variable SLURM_CPUS_PER_TASK
    """,
    "background-steps.sh": r"""
        8:13 module module | python
        10:3 launcher srun | srun --exclusive -n 1 -c 4 python fold.py --fold "$k"
    """,
    "container-image-directive.sh": r"""
        10:29 path /data/test.jsonl
        10:55 path /results/scores.json
    """,
    "crlf.sh": "",
    "deepspeed-hostfile.sh": r"""
        11:8 module venv | venv/bin/activate
        12:20 variable SLURM_JOB_ID
        13:1 command scontrol | scontrol show hostnames "$SLURM_JOB_NODELIST"
        13:27 variable SLURM_JOB_NODELIST
        16:1 launcher deepspeed | deepspeed --hostfile "$hostfile" --master_addr "$first" --master_port 29500 train.py --deepspeed --deepspeed_config ds_zero3.json
    """,
    "directives-too-late.sh": "",
    "driver-dependency.sh": r"""
        5:8 command sbatch | sbatch --parsable prepare.sbatch
        6:9 command sbatch | sbatch --parsable --dependency=afterok:"$prep" --export=ALL,RUN=a1 train.sbatch
        8:3 command sbatch | sbatch --dependency=afterok:"$train" --job-name="eval-$split" eval.sbatch "$split"
        10:1 command sbatch | sbatch --dependency=afterany:"$train" --wrap "rm -rf cache"
    """,
    "driver-wrap-loop.sh": r"""
        5:3 command sbatch | sbatch -J "$name" -c 2 --mem=4G -t 01:00:00 -o "logs/$name.out" --wrap="python summarise.py $f > results/$name.json"
    """,
    "exclusive-whole-node.sh": r"""
        9:13 module module | cmake
        9:19 module module | gcc
        9:23 module module | cuda
        10:49 variable SLURM_CPUS_ON_NODE
    """,
    "generate_jobs.py": r"""
        26:26 command sbatch | subprocess.run(["sbatch", str(path)], check=True)
    """,
    "generator-heredoc.sh": r"""
        15:5 command sbatch | sbatch "$name.sbatch"
    """,
    "gpu-by-partition.sh": "",
    "hetjob.sh": r"""
        8:8 module venv | venv/bin/activate
        9:1 launcher srun | srun --het-group=0 python learner.py --port 5555
        10:1 launcher srun | srun --het-group=1 python actor.py --learner "$(hostname):5555"
    """,
    "inline-secret.sh": "",
    "local-scratch-staging.sh": r"""
        8:8 variable SLURM_TMPDIR
        8:32 variable SLURM_JOB_ID
        10:9 variable SLURM_SUBMIT_DIR
        11:9 path /scratch/demo/images.tar
        15:25 variable SLURM_SUBMIT_DIR
        15:51 variable SLURM_JOB_ID
    """,
    "malformed.sh": "",
    "model.R": r"""
        8:33 variable SLURM_CPUS_PER_TASK
    """,
    "mpi-cpu.sh": r"""
        10:1 module module | purge
        11:13 module module | gcc
        11:17 module module | openmpi
        14:1 launcher srun | srun --mpi=pmix ./flow_solver -i case.in -o case.out
    """,
    "mpi-model-run.sh": r"""
        15:8 module source | model.env
        21:6 launcher mpirun | mpirun -np "$SLURM_NTASKS" ./atmos_model_mpi
        21:19 variable SLURM_NTASKS
    """,
    "mpirun-single-node.sh": r"""
        9:13 module module | openmpi
        9:21 module module | lammps
        10:1 launcher mpirun | mpirun -np "$SLURM_NTASKS" lmp -in melt.in -log melt.log
        10:14 variable SLURM_NTASKS
    """,
    "multinode-torchrun.sh": r"""
        12:8 module venv | env/bin/activate
        14:22 command scontrol | scontrol show hostnames "$SLURM_JOB_NODELIST"
        14:48 variable SLURM_JOB_NODELIST
        15:31 variable SLURM_JOB_ID
        19:1 launcher srun | srun torchrun --nnodes="$SLURM_JOB_NUM_NODES" --nproc-per-node=8 --rdzv-id="$SLURM_JOB_ID" --rdzv-backend=c10d --rdzv-endpoint="$MASTER_ADDR:$MASTER_PORT" pretrain.py --config configs/small.yaml --resume auto
        19:6 launcher torchrun | torchrun --nnodes="$SLURM_JOB_NUM_NODES" --nproc-per-node=8 --rdzv-id="$SLURM_JOB_ID" --rdzv-backend=c10d --rdzv-endpoint="$MASTER_ADDR:$MASTER_PORT" pretrain.py --config configs/small.yaml --resume auto
        20:14 variable SLURM_JOB_NUM_NODES
        22:15 variable SLURM_JOB_ID
    """,
    "notebook-service.sh": r"""
        9:8 module venv | venv/bin/activate
    """,
    "openmp-model-run.sh": r"""
        11:25 variable SLURM_CPUS_PER_TASK
    """,
    "python-shebang.py": r"""
        9:31 variable SLURM_JOB_ID
    """,
    "pyxis-multinode.sh": r"""
        10:6 argument CONT | team/trainer:24.05
        11:6 argument DATADIR
        12:6 argument NEXP | 1
        14:20 path /data
        14:35 path /logs
        16:1 launcher srun | srun --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 --container-image="$CONT" --container-name=bench true
        16:1 container pyxis | $CONT
        16:17 variable SLURM_JOB_NUM_NODES
        20:3 launcher srun | srun --mpi=pmix --container-name=bench --container-mounts="$mounts" ./run_and_time.sh "$run"
    """,
    "ray-cluster.sh": r"""
        8:10 command scontrol | scontrol show hostnames "$SLURM_JOB_NODELIST"
        8:36 variable SLURM_JOB_NODELIST
        10:6 launcher srun | srun -N1 -n1 -w "$head" hostname --ip-address
        12:1 launcher srun | srun -N1 -n1 -w "$head" ray start --head --node-ip-address="$ip" --port=6379 --block
        12:25 launcher ray | ray start --head --node-ip-address="$ip" --port=6379 --block
        15:3 launcher srun | srun -N1 -n1 -w "$n" ray start --address "$ip:6379" --block
        15:24 launcher ray | ray start --address "$ip:6379" --block
    """,
    "requeue-signal.sh": r"""
        12:61 variable SLURM_RESTART_COUNT
        15:3 command scontrol | scontrol requeue "$SLURM_JOB_ID"
        15:22 variable SLURM_JOB_ID
        19:8 module venv | venv/bin/activate
    """,
    "self-chain.sh": r"""
        9:13 module module | gromacs
        13:1 launcher srun | srun gmx_mpi mdrun -deffnm "part$next" -cpi "part$last.cpt" -maxh 23.5
        17:3 command sbatch | sbatch "$0"
    """,
    "short-options.sh": r"""
        9:3 module venv | venv/bin/activate
    """,
    "single-gpu-conda.sh": r"""
        14:1 module module | purge
        15:13 module module | anaconda3
        16:1 module conda | finetune
        19:72 variable SLURM_JOB_ID
    """,
    "single-gpu-venv.sh": r"""
        8:6 variable SLURM_SUBMIT_DIR
        9:13 module module | python/3.11
        9:25 module module | cuda/12.1
        10:8 module venv | venv/bin/activate
        11:1 launcher srun | srun python detect.py --data data/images --workers "$SLURM_CPUS_PER_TASK"
        11:54 variable SLURM_CPUS_PER_TASK
    """,
    "srun-python-ranks.sh": r"""
        10:13 module module | python/3.10
        11:8 module venv | venv/bin/activate
        14:1 launcher srun | srun python fit.py --nodes 2 --devices 4 --strategy ddp
    """,
    "template-fill-in.sh": r"""
        8:13 module module | YOUR_MODULES
        9:1 launcher srun | srun ./your_program
    """,
    "template-jinja.sh": r"""
        11:1 launcher srun | srun {{ command }}
    """,
    "typed-gres-constraint.sh": r"""
        12:8 module venv | venv/bin/activate
        13:1 launcher accelerate | accelerate launch --multi_gpu --num_processes 2 train_diffusion.py
    """,
    "variable-in-directive.sh": r"""
        7:25 argument RUN
    """,
    "workflow-head-job.sh": r"""
        7:1 module conda | workflow
        8:1 command snakemake | snakemake --snakefile Snakefile --jobs 100 --latency-wait 60 --cluster "sbatch -p {params.partition} -c {threads} --mem={resources.mem_mb}"
    """,
}


def listed(name: str) -> list[str]:
    _, items, _ = read_body(Script(path=name, data=(EXAMPLES / name).read_bytes()))
    lines = []
    for item in items:
        place = f"{item.location.line}:{item.location.column}"
        lines.append(f"{place} {item.kind.value} {item.name}" + (f" | {item.value}" if item.value else ""))
    return lines


@pytest.mark.parametrize("name", EXPECTED, ids=str)
def test_the_inventory_of_an_example_is_complete_and_in_its_place(name: str) -> None:
    assert listed(name) == [line.strip() for line in EXPECTED[name].strip().splitlines()]


def test_every_example_but_the_documentation_is_expected() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} - set(EXPECTED) == {"notes.md"}
