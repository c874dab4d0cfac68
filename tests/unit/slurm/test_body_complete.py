# ruff: noqa: E501 - a table
"""Everything that people start, load, mount and ask for in a program part is seen: launchers, steps, items."""

from typing import Final, NamedTuple

import pytest

from s2r_ci.model import Script
from s2r_ci.slurm.body import read_body


class Seen(NamedTuple):
    """One program part: its text, its inventory, its steps (launcher, program, & where it runs in the background), and
    whether something runs outside all of them.
    """

    text: str
    items: list[str]
    steps: list[str]
    outside: bool


SEEN: Final = {
    'srun with options of its own': Seen('srun --ntasks=4 --cpu-bind=cores --gpus-per-task=1 -l ./a --x', ['launcher srun | srun --ntasks=4 --cpu-bind=cores --gpus-per-task=1 -l ./a --x'], ['srun: ./a --x'], False),
    'background steps': Seen('srun -n1 ./a & srun -n1 ./b & wait', ['launcher srun | srun -n1 ./a', 'launcher srun | srun -n1 ./b'], ['srun: ./a &', 'srun: ./b &'], False),
    'mpirun': Seen('mpirun -np 4 --map-by ppr:2:node -x LD_LIBRARY_PATH ./a', ['launcher mpirun | mpirun -np 4 --map-by ppr:2:node -x LD_LIBRARY_PATH ./a'], ['mpirun: ./a'], False),
    'mpiexec of Hydra': Seen('mpiexec.hydra -n 4 ./a', ['launcher mpiexec | mpiexec.hydra -n 4 ./a'], ['mpiexec: ./a'], False),
    'torchrun with a module': Seen('torchrun --nnodes=$SLURM_NNODES --rdzv-endpoint=$H:29500 -m pkg.train --x', ['launcher torchrun | torchrun --nnodes=$SLURM_NNODES --rdzv-endpoint=$H:29500 -m pkg.train --x', 'variable SLURM_NNODES', 'argument H'], ['torchrun: -m pkg.train --x'], False),
    'python -m torch.distributed.run': Seen('python -m torch.distributed.run --nproc_per_node 4 train.py', ['launcher torch.distributed | python -m torch.distributed.run --nproc_per_node 4 train.py'], ['torch.distributed: train.py'], False),
    'python -m torch.distributed.launch': Seen('python3 -u -m torch.distributed.launch train.py', ['launcher torch.distributed | python3 -u -m torch.distributed.launch train.py'], ['torch.distributed: train.py'], False),
    'accelerate inside srun': Seen('srun accelerate launch --config_file c.yaml --num_processes 8 train.py', ['launcher srun | srun accelerate launch --config_file c.yaml --num_processes 8 train.py', 'launcher accelerate | accelerate launch --config_file c.yaml --num_processes 8 train.py'], ['srun: accelerate launch --config_file c.yaml --num_processes 8 train.py', 'accelerate: train.py within srun'], False),
    'deepspeed': Seen('deepspeed --hostfile h --num_gpus 4 train.py --deepspeed ds.json', ['launcher deepspeed | deepspeed --hostfile h --num_gpus 4 train.py --deepspeed ds.json'], ['deepspeed: train.py --deepspeed ds.json'], False),
    'ray start inside srun, in the background': Seen('srun -w $head ray start --head --port 6379 --block &', ['launcher srun | srun -w $head ray start --head --port 6379 --block', 'argument head', 'launcher ray | ray start --head --port 6379 --block'], ['srun: ray start --head --port 6379 --block &', 'ray:  & within srun'], False),
    'pyxis with mounts': Seen("srun --container-image=nvcr.io#nvidia/pytorch:24.01 --container-mounts=/data:/d,$PWD:/w --no-container-mount-home bash -c 'python a.py'", ["launcher srun | srun --container-image=nvcr.io#nvidia/pytorch:24.01 --container-mounts=/data:/d,$PWD:/w --no-container-mount-home bash -c 'python a.py'", 'container pyxis | nvcr.io#nvidia/pytorch:24.01', 'path /data | /d'], ["srun: bash -c 'python a.py'"], False),
    'enroot': Seen('enroot import docker://o/i && enroot create --name x i.sqsh && enroot start --rw -m /a:/b x cmd', ['container enroot | docker://o/i', 'container enroot | i.sqsh', 'container enroot | x', 'path /a | /b'], [], True),
    'apptainer with mounts': Seen('apptainer exec --nv -B /scratch:/data,/home/$USER x.sif python a.py', ['container apptainer | x.sif', 'path /scratch | /data', 'path /home/$USER', 'argument USER'], [], True),
    'singularity with one mount': Seen('singularity exec --bind=/a:/b:ro x.sif cmd', ['container singularity | x.sif', 'path /a | /b'], [], True),
    'mounts by variable': Seen('APPTAINER_BIND=/a:/b apptainer run x.sif', ['path /a | /b', 'container apptainer | x.sif'], [], True),
    'mounts by exported variable': Seen('export SINGULARITY_BINDPATH="/a:/b,/c"', ['path /a | /b', 'path /c'], [], False),
    'podman with a long mount': Seen('podman run --mount type=bind,source=/h/a,target=/in/b o/i', ['container podman | o/i', 'path /h/a | /in/b'], [], True),
    'docker with a volume': Seen('docker run -v /h:/in:ro -w /in o/i python a.py', ['container docker | o/i', 'path /h | /in'], [], True),
    'shifter': Seen('shifter --image=o/i:1 --volume=/h:/in ./a', ['container shifter | o/i:1', 'path /h | /in'], [], True),
    'sarus': Seen('sarus run --mount=type=bind,source=/h,destination=/in o/i ./a', ['container sarus | o/i', 'path /h | /in'], [], True),
    'modules, spack, conda, venv': Seen('module load cuda/12; ml python; spack load hdf5; spack env activate e; conda activate x; source venv/bin/activate; . ~/miniconda3/etc/profile.d/conda.sh', ['module module | cuda/12', 'module module | python', 'module spack | hdf5', 'module spack | e', 'module conda | x', 'module venv | venv/bin/activate', 'path ~/miniconda3/etc/profile.d/conda.sh', 'module source | ~/miniconda3/etc/profile.d/conda.sh'], [], False),
    'a hook of conda': Seen('eval "$(conda shell.bash hook)"', [], [], False),
    'MASTER_ADDR from scontrol': Seen('export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)', ['command scontrol | scontrol show hostnames "$SLURM_JOB_NODELIST"', 'variable SLURM_JOB_NODELIST'], [], False),
    'MASTER_ADDR from an array and srun': Seen('nodes=( $( scontrol show hostnames $SLURM_JOB_NODELIST ) ); nodes_array=($nodes); head_node=${nodes_array[0]}; head_node_ip=$(srun --nodes=1 --ntasks=1 -w "$head_node" hostname --ip-address)', ['command scontrol | scontrol show hostnames $SLURM_JOB_NODELIST', 'variable SLURM_JOB_NODELIST', 'launcher srun | srun --nodes=1 --ntasks=1 -w "$head_node" hostname --ip-address'], ['srun: hostname --ip-address'], False),
    'MASTER_PORT from the job id': Seen('MASTER_ADDR=$(hostname -s); MASTER_PORT=$((10000 + SLURM_JOB_ID % 50000))', ['variable SLURM_JOB_ID'], [], False),
    'MASTER_ADDR from Python': Seen('MASTER_ADDR=$(python -c "import os; print(os.environ[\'SLURM_NODELIST\'])")', ['variable SLURM_NODELIST'], [], False),
    'a line of a file by array id': Seen('P=$(sed -n "${SLURM_ARRAY_TASK_ID}p" params.txt)', ['variable SLURM_ARRAY_TASK_ID'], [], False),
    'an element by array id': Seen('files=(data/*.csv); f=${files[$SLURM_ARRAY_TASK_ID]}', ['variable SLURM_ARRAY_TASK_ID'], [], False),
    'head, tail and awk by array id': Seen('F=$(ls *.csv | head -n $SLURM_ARRAY_TASK_ID | tail -1); awk "NR==$SLURM_ARRAY_TASK_ID" f', ['variable SLURM_ARRAY_TASK_ID'], [], True),
    'sbatch of the next': Seen('sbatch --dependency=afterok:$SLURM_JOB_ID next.sh', ['command sbatch | sbatch --dependency=afterok:$SLURM_JOB_ID next.sh', 'variable SLURM_JOB_ID'], [], True),
    'sbatch of a here-document': Seen('jid=$(sbatch --parsable a.sh); sbatch <<EOF\n#!/bin/bash\n#SBATCH -n 1\nsrun ./inner\nEOF', ['command sbatch | sbatch --parsable a.sh', 'command sbatch | sbatch'], [], True),
    'ssh with a program': Seen('ssh $node "cd /work && ./run.sh"', ['command ssh | ssh $node "cd /work && ./run.sh"', 'argument node', 'path /work'], [], True),
    'requeue in a trap': Seen("trap 'scontrol requeue $SLURM_JOB_ID' USR1", ['command scontrol | scontrol requeue $SLURM_JOB_ID', 'variable SLURM_JOB_ID'], [], False),
    'requeue in a function': Seen('requeue() { scontrol requeue ${SLURM_JOB_ID}; }\ntrap requeue SIGUSR1', ['command scontrol | scontrol requeue ${SLURM_JOB_ID}', 'variable SLURM_JOB_ID'], [], False),
    'the home folder': Seen('cp ~/data/x $HOME/in/y ${HOME}/z ~other/q . ; cat "$HOME/a b" > ~/out.txt; export D=~/d; cd $HOME', ['path ~/data/x', 'path $HOME/in/y', 'path ${HOME}/z', 'path ~other/q', 'path $HOME/a', 'path ~/out.txt', 'path ~/d'], [], True),
    'submit-time arguments': Seen('python a.py --in "$1" --out ${2:-out} "${@:3}" $#', ['argument $1', 'argument $2 | out', 'argument $@'], [], True),
    'Python': Seen('#!/usr/bin/env python3\n#SBATCH -n 1\nimport os, subprocess, sys\ni = int(os.environ["SLURM_ARRAY_TASK_ID"])\nsubprocess.run(["srun", "./a", sys.argv[1]])\nopen("/data/x.csv"); os.path.expanduser("~/y")', ['variable SLURM_ARRAY_TASK_ID', 'launcher srun | subprocess.run(["srun", "./a", sys.argv[1]])', 'argument $@', 'path /data/x.csv', 'path ~/y'], [], True),
    'R': Seen('#!/usr/bin/Rscript\n#SBATCH -n 1\ni <- as.integer(Sys.getenv("SLURM_ARRAY_TASK_ID")); read.csv("/data/x.csv"); a <- commandArgs(TRUE); system("mpirun ./a")', ['variable SLURM_ARRAY_TASK_ID', 'path /data/x.csv', 'argument $@', 'launcher mpirun | i <- as.integer(Sys.getenv("SLURM_ARRAY_TASK_ID")); read.csv("/data/x.csv"); a <- commandArgs(TRUE); system("mpirun ./a")'], [], True),
    'csh': Seen('#!/bin/tcsh\n#SBATCH -n 1\nsetenv OMP_NUM_THREADS $SLURM_CPUS_PER_TASK\nmodule load gcc\nmpirun -np 4 ./a $1 > /out/x', ['variable SLURM_CPUS_PER_TASK', 'module module | gcc', 'launcher mpirun | mpirun -np 4 ./a $1 > /out/x', 'argument $@', 'path /out/x'], ['mpirun: ./a $1 > /out/x'], True),
    'Perl': Seen('#!/usr/bin/perl\n#SBATCH -n 1\nmy $i = $ENV{SLURM_ARRAY_TASK_ID}; system("srun ./a $ARGV[0]"); open(F, "/data/x");', ['variable SLURM_ARRAY_TASK_ID', 'launcher srun | my $i = $ENV{SLURM_ARRAY_TASK_ID}; system("srun ./a $ARGV[0]"); open(F, "/data/x");', 'argument $@', 'path /data/x'], [], True),
    'ssh in a loop over hosts': Seen('while read -r h; do ssh $h hostname; done < <(scontrol show hostnames)', ['command ssh | ssh $h hostname', 'command scontrol | scontrol show hostnames'], [], True),
    'a test of a path': Seen('if [[ -d ~/runs ]]; then srun ./a; fi', ['path ~/runs', 'launcher srun | srun ./a'], ['srun: ./a'], False),
    'parallel around srun': Seen('parallel -j 4 srun -N1 -n1 --exclusive ./a ::: 1 2 3', ['launcher srun | srun -N1 -n1 --exclusive ./a ::: 1 2 3'], ['srun: ./a ::: 1 2 3'], False),
    'a loop of background steps': Seen('for i in 1 2; do srun -n1 ./a $i > o.$i & done; wait', ['launcher srun | srun -n1 ./a $i'], ['srun: ./a $i &'], False),
    'coproc': Seen('coproc srun ./a', ['launcher srun | srun ./a'], ['srun: ./a &'], False),
    'exec': Seen('exec srun ./a', ['launcher srun | srun ./a'], ['srun: ./a'], False),
    'time': Seen('time mpirun ./a', ['launcher mpirun | mpirun ./a'], ['mpirun: ./a'], False),
    "a program in a folder of Slurm's": Seen('"$SLURM_SUBMIT_DIR"/bin/run', ['variable SLURM_SUBMIT_DIR'], [], True),
    'nohup around python -m': Seen('nohup python -m accelerate.commands.launch t.py &', ['launcher accelerate | python -m accelerate.commands.launch t.py'], ['accelerate: t.py &'], False),
}  # fmt: skip


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_a_program_part_gives_its_items_and_steps(seen: Seen) -> None:
    first = "" if seen.text.startswith("#!") else "#!/bin/bash\n"
    body, items, findings = read_body(Script(path="x", data=(first + seen.text).encode()))
    assert findings == ()
    assert [
        f"{item.kind.value} {item.name}" + f" | {item.value}" * bool(item.value) for item in items
    ] == seen.items
    steps = [
        f"{step.launcher}: {' '.join(step.program)}"
        + " &" * step.background
        + f" within {step.within}" * bool(step.within)
        for step in body.steps
    ]
    assert steps == seen.steps
    assert body.runs_outside_steps is seen.outside
