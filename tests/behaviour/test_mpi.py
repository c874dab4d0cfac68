"""MPIJob: the launcher hands the ranks to mpirun, which reaches the workers over ssh (both are stand-ins)."""

from pathlib import Path

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.model import ConversionRequest, Script, Site, Target, Volume
from s2r_ci.slurm.job import read_script
from tests.behaviour.simulator import WORK, Outcome, Simulator, namespaces

WAY = namespaces()
pytestmark = pytest.mark.skipif(not WAY, reason="this machine gives nobody namespaces (unshare)")
HEADER = "#!/bin/bash\n#SBATCH -N 2\n#SBATCH --ntasks-per-node=2\n"
HOST = "$(uname -n | sed s/.*-worker/worker/)"
HELLO = f'echo "$OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE ${{SLURM_PROCID-unset}} on {HOST}"'


def run(body: str, folder: Path) -> Outcome:
    script = Script(path="flow.sh", data=(HEADER + body).encode())
    target = Target(image="a", memory_mib=1, working_directory=WORK, site=Site(volumes={WORK: Volume(claim="w")}))
    request = ConversionRequest(script=script, job=read_script(script).jobs[0], target=target)
    manifest = load_converter("rules").convert(request).manifest
    assert manifest.kind == "MPIJob"
    (folder / "work").mkdir()
    (folder / "work/hello").write_text(f"#!/bin/sh\n{HELLO}\nexit ${{1:-0}}\n")
    (folder / "work/hello").chmod(0o755)
    return Simulator(folder, WAY).run(manifest.body, timeout=60)


def test_mpirun_starts_its_ranks_in_the_workers(tmp_path: Path) -> None:
    ended = run('mpirun -np "$SLURM_NTASKS" ./hello | sort\n', tmp_path).of(0)
    wanted = [f"{rank}/4 unset on worker-{rank // 2}" for rank in range(4)]
    assert (ended.log.splitlines(), ended.code) == (wanted, 0)


def test_srun_of_an_mpi_program_becomes_mpirun(tmp_path: Path) -> None:
    ended = run("srun ./hello | sort\nsrun ./hello 7\n", tmp_path).of(0)
    wanted = [f"{rank}/4 {rank} on worker-{rank // 2}" for rank in range(4)]
    assert (ended.log.splitlines()[:4], ended.code) == (wanted, 7)
