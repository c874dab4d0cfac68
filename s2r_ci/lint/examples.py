"""One real-looking line for each rule that the linter can report, with the script it stands in.

A test reads each of them and finds the rule on that line: what is shown here is what happens.
"""

from typing import Final, NamedTuple


class Example(NamedTuple):
    """A script, and the line of it that the rule speaks about ("": the file as a whole)."""

    line: str
    script: str
    release: str = "24.11"


def _in_header(line: str, *others: str, body: str = "python train.py") -> Example:
    directives = [f"#SBATCH {other}" for other in others]
    return Example(line, "\n".join(["#!/bin/bash", *directives, line, body, ""]))


def _in_body(line: str, *directives: str, release: str = "24.11") -> Example:
    header = [f"#SBATCH {directive}" for directive in directives]
    return Example(line, "\n".join(["#!/bin/bash", *header, line, ""]), release)


EXAMPLES: Final[dict[str, Example]] = {
    "script-refused": _in_header("#SBATCH --time=24:00:00 (one day)"),
    "late-directive": Example(
        "#SBATCH --gres=gpu:1", "#!/bin/bash\nset -e\n#SBATCH --gres=gpu:1\npython train.py\n"
    ),
    "not-a-directive": _in_header("#Sbatch --mem=32G"),
    "unknown-directive": _in_header("#SBATCH --cpu-per-task=8"),
    "directive-cut-short": _in_header("#SBATCH --time=24:00:00#SBATCH --ntasks=8"),
    "value-swallowed": _in_header("#SBATCH --job-name", body="#SBATCH --ntasks=8\npython train.py"),
    "variable-in-directive": _in_header("#SBATCH --output=$HOME/logs/%j.out"),
    "short-option-equals": _in_header("#SBATCH -p=gpu"),
    "value-misleading": _in_header("#SBATCH --time=12:00"),
    "directive-without-effect": _in_header("#SBATCH --verbose"),
    "directive-overridden": _in_header("#SBATCH --mem=8G", body="#SBATCH --mem=16G\npython train.py"),
    "foreign-directive": _in_header("#PBS -l walltime=24:00:00", "--time=01:00:00"),
    "plugin-directive": _in_header("#SBATCH --container-image=team/trainer:24.05"),
    "secret-in-script": _in_body("export WANDB_API_KEY=" + "0123456789" * 4),
    "body-not-understood": _in_body('for f in *.csv; do echo "$f"'),
    "ignore-without-reason": _in_header("#SBATCH --time=12:00 # s2r: ignore[value-misleading]"),
    "ignore-unused": _in_header(
        "#SBATCH --time=12:00:00 # s2r: ignore[value-misleading] twelve minutes are enough"
    ),
    "hidden-characters": _in_body('data="runs/\u202egnp.a"'),
    "removed-option": _in_header("#SBATCH --workdir=/scratch/demo"),
    "srun-only-option": _in_header("#SBATCH --mpi=pmix"),
    "abbreviated-option": _in_header("#SBATCH --cpus-per-t=8"),
    "time-in-minutes": _in_header("#SBATCH --time=72"),
    "time-limit-missing": Example("", "#!/bin/bash\n#SBATCH --mem=8G\npython train.py\n"),
    "time-limit-long": _in_header("#SBATCH --time=30-00:00:00"),
    "memory-without-unit": _in_header("#SBATCH --mem=64"),
    "gpus-said-twice": _in_header("#SBATCH --gres=gpu:2", "--gpus-per-node=2"),
    "gpu-not-requested": _in_body("nvidia-smi", "--partition=short"),
    "gpu-unused": _in_header("#SBATCH --gres=gpu:1", body="rsync -a /data/raw/ /scratch/raw/"),
    "gpu-list-too-long": _in_body("CUDA_VISIBLE_DEVICES=0,1,2,3 python train.py", "--gres=gpu:2"),
    "array-index-unused": _in_header("#SBATCH --array=1-10"),
    "array-not-requested": _in_body('python fit.py --fold "$SLURM_ARRAY_TASK_ID"', "--mem=8G"),
    "array-off-by-one": _in_body('name=$(sed -n "${SLURM_ARRAY_TASK_ID}p" samples.txt)', "--array=0-95"),
    "array-misses-lines": _in_header(
        "#SBATCH --array=1-97", body='name=$(sed -n "${SLURM_ARRAY_TASK_ID}p" samples.txt)'
    ),
    "array-ids-high": _in_header("#SBATCH --array=1-5000", body='python fit.py "$SLURM_ARRAY_TASK_ID"'),
    "output-folder-late": _in_header("#SBATCH --output=logs/%x-%j.out", body="mkdir -p logs\npython train.py"),
    "output-folder-missing": _in_header("#SBATCH --error=logs/%x-%j.err"),
    "output-overwritten": _in_header("#SBATCH --output=sweep.log", "--array=1-10"),
    "output-pattern-unknown": _in_header("#SBATCH --output=run-%d.log"),
    "requeue-truncates-output": _in_header("#SBATCH --requeue"),
    "output-without-array": _in_header("#SBATCH --output=fit-%A_%a.log"),
    "variable-unset": _in_body("export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK", "--ntasks=1"),
    "variable-unknown": _in_body('mkdir -p "runs/$SLURM_JOBNAME"'),
    "counts-as-number": _in_body("mpirun -n $SLURM_TASKS_PER_NODE ./solver", "--nodes=2", "--ntasks-per-node=4"),
    "rank-expanded-early": _in_body(
        'srun torchrun --nnodes=2 --node-rank="$SLURM_NODEID" train.py', "--nodes=2", "--ntasks-per-node=1"
    ),
    "environment-cut-off": _in_body('python train.py --run "$RUN_NAME"', "--export=NONE"),
    "tasks-without-launcher": _in_header("#SBATCH --ntasks=8", body="export OMP_NUM_THREADS=8\n./solver case.in"),
    "nodes-without-launcher": _in_header("#SBATCH --nodes=4", body="python fit.py"),
    "threads-mismatch": _in_body("export OMP_NUM_THREADS=16", "--cpus-per-task=4"),
    "exclusive-small": _in_header("#SBATCH --exclusive", "--ntasks=1", "--mem=2G"),
    "processes-exceed-gpus": _in_body("torchrun --nproc-per-node=8 train.py", "--gres=gpu:4"),
    "step-larger-than-job": _in_body("srun --ntasks=8 ./solver", "--ntasks=4"),
    "step-loses-cpus": _in_body("srun ./solver", "--cpus-per-task=8", release="22.05"),
    "interactive-step": _in_body("srun --pty bash", "--ntasks=1"),
    "background-without-wait": _in_body("python serve.py &", "--ntasks=1"),
    "launcher-twice": _in_body("srun mpirun ./solver", "--ntasks=8"),
    "signal-unheard": _in_header("#SBATCH --signal=B:USR1@120"),
    "mail-without-type": _in_header("#SBATCH --mail-user=kim@physics.test"),
    "mail-without-user": _in_header("#SBATCH --mail-type=END,FAIL"),
    "placeholder-value": _in_header("#SBATCH --account=your_project"),
    "tilde-in-directive": _in_header("#SBATCH --output=~/logs/run.out"),
    "tilde-in-quotes": _in_body('cd "~/experiments"'),
    "nodelist-pinned": _in_header("#SBATCH --nodelist=node12"),
    "script-folder-spooled": _in_body('cd "$(dirname "$0")"', "--time=01:00:00"),
    "continuation-cut": Example(
        "srun ./solver \\ ", "#!/bin/bash\n#SBATCH --ntasks=4\nsrun ./solver \\ \n    --steps 100\n"
    ),
    "assignment-spaced": Example(
        "STEPS = 100", '#!/bin/bash\n#SBATCH --ntasks=1\nSTEPS = 100\npython fit.py --steps "$STEPS"\n'
    ),
    "dependency-pinned": _in_header("#SBATCH --dependency=afterok:4711"),
}
