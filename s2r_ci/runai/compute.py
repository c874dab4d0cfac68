"""CPUs, memory, GPUs and scratch of a pod. A node of the script is a pod, so "per node" is "per pod"."""

from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.runai.quantities import cpu_text, memory_text
from s2r_ci.runai.sharing import SLICE, mig_profile, share_of

GPU_RESOURCE: Final = "nvidia.com/gpu"

LAUNCHER: Final = {"cpu": "1", "memory": "2Gi"}
"""What the MPI launcher needs: it runs the script's own lines and mpirun, the program runs in the workers."""


def gpus(request: ConversionRequest) -> int:
    """GPUs of one pod: what the script asks for, else the answer where a script uses GPUs without asking."""
    asked = request.job.resources.gpus_per_node
    if asked or not request.job.body.uses_gpu:
        return asked
    return request.target.gpus or 0


def memory_mib(request: ConversionRequest) -> int:
    """Memory of one pod in MiB: the script's, else the site's answer; 0 where neither is known."""
    return request.job.resources.memory_per_node_mib or request.target.memory_mib


def resources(request: ConversionRequest) -> dict[str, Any]:
    """``requests`` and ``limits`` of the main container; a Slurm job is confined to what it asked for."""
    job = request.job.resources
    both: dict[str, str] = {"cpu": cpu_text(job.cpus_per_node)}
    if memory := memory_mib(request):
        both["memory"] = memory_text(memory)
    if job.tmp_per_node_mib:
        both["ephemeral-storage"] = memory_text(job.tmp_per_node_mib)
    devices = extended(request)
    if count := gpus(request):
        profile = mig_profile(job.gpu_model)
        devices = {SLICE + profile if profile else GPU_RESOURCE: str(count)} | devices
    elif (share := share_of(request)) and share.whole:
        devices = {GPU_RESOURCE: str(share.devices)} | devices
    return {"requests": both | devices, "limits": both | devices}


def launcher() -> dict[str, Any]:
    """``requests`` and ``limits`` of the MPI launcher."""
    return {"requests": dict(LAUNCHER), "limits": dict(LAUNCHER)}


def uses_gpus(request: ConversionRequest) -> bool:
    """Whether a pod gets GPUs, whole, sliced or shared."""
    return bool(gpus(request) or share_of(request))


def extended(request: ConversionRequest) -> dict[str, str]:
    """Other generic resources that the site map gives a name in the new cluster."""
    known = request.target.site.gres
    asked = request.job.resources.other_gres
    return {known[name]: str(count) for name, count in sorted(asked.items()) if name in known and count}
