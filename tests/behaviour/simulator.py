"""Runs the pods of a manifest under the local shell, each in namespaces of its own.

A pod has its own host name, process numbers (its command is process 1, so that signals reach it as they do in a
pod), ``/tmp`` and ``/dev/shm``; ``/mnt/work`` is the volume that all pods of a workload share. What a cluster would
bring along and a test machine has not (torchrun, mpirun, ssh, nvidia-smi) are stand-ins on PATH. The controllers'
part: deadlines, SIGTERM and SIGKILL after the grace, retries, parallelism.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.behaviour.pods import Pod, hostfile, pods

WORK = "/mnt/work"
UID = "6f1e2d3c-1111-4222-8333-0000a1b2c3d4"
STANDINS = Path(__file__).parent / "standins"
GRACE_S = 5  # a test does not wait for half a minute; the Slurm of the recorded answers waited as long
PATH = "/mnt/bin:/mnt/programs:/usr/local/bin:/usr/bin:/bin"

_SETUP = r"""
hostname "$1"
mount -t tmpfs tmpfs /mnt && mkdir /mnt/work /mnt/bin /mnt/programs /mnt/capture /mnt/mpi /mnt/home || exit 120
echo "PATH=/mnt/bin:/mnt/programs:\$PATH" >/mnt/home/.profile
: >/mnt/home/.bashrc
mount --bind "$2/work" /mnt/work && mount --bind "$3" /mnt/bin && mount --bind "$2/capture" /mnt/capture || exit 120
mount --bind "$2/programs" /mnt/programs && mount --bind "$2/hosts" /etc/hosts || exit 120
mount --bind "$2/mpi" /mnt/mpi && mount -t tmpfs -o mode=1777 tmpfs /dev/shm || exit 120
cd "$4" && mount -t tmpfs -o mode=1777 tmpfs /tmp || exit 120
shift 4
exec "$@"
"""


def namespaces() -> tuple[str, ...]:
    """The command that gives a process namespaces of its own; empty where this machine lets nobody have them."""
    common = ("--uts", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")
    for way in (("unshare", *common), ("unshare", "--user", "--map-root-user", *common)):
        if (
            shutil.which("unshare")
            and subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0
        ):
            return way
    return ()


@dataclass
class Ended:
    """How a pod ended. ``reason`` is Completed, Error, DeadlineExceeded or Deleted."""

    pod: Pod
    code: int
    reason: str
    log: str
    starts: int = 1


@dataclass
class Outcome:
    """What a workload left behind, next to its files."""

    ended: list[Ended] = field(default_factory=list)

    def of(self, index: int) -> Ended:
        """The pod that ran the script, or the one of an index."""
        return next(one for one in self.ended if one.pod.role != "Worker" and one.pod.index == index)


class Simulator:
    """One workload in one folder: ``work`` is the volume, the rest is the simulator's own."""

    def __init__(self, folder: Path, way: tuple[str, ...]) -> None:
        self.folder, self.way = folder, way
        for name in ("work", "programs", "capture", "mpi", "logs"):
            (folder / name).mkdir(exist_ok=True)

    def run(
        self, manifest: Mapping[str, Any], *, cancel_after: float = 0, timeout: float = 120, most: int = 0
    ) -> Outcome:
        """Start all pods and wait for their end.

        ``cancel_after`` so many seconds all are deleted; ``most`` leaves out the middle of an array, but for so many.
        """
        every = pods(manifest, UID)
        every = every[: most - 1] + every[-1:] if most and len(every) > most else every
        names = (f"10.1.0.{number} {pod.host}\n" for number, pod in enumerate(every, 1))
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n" + "".join(names))
        outcome, spec = Outcome(), manifest["spec"]
        (self.folder / "mpi/hostfile").write_text(hostfile(every, spec.get("slotsPerWorker", 1)))
        room = threading.Semaphore(spec.get("parallelism") or len(every))
        done = threading.Event()
        threads = []
        for pod in every:

            def live(pod: Pod = pod) -> None:
                with room:
                    outcome.ended.append(self._until_done(pod, manifest, cancel_after, timeout, done))
                if pod.role in ("Master", "Launcher"):
                    done.set()

            threads.append(threading.Thread(target=live))
            threads[-1].start()
        for thread in threads:
            thread.join()
        return outcome

    def _until_done(
        self, pod: Pod, manifest: Mapping[str, Any], cancel_after: float, timeout: float, done: threading.Event
    ) -> Ended:
        starts = 1
        while True:
            ended = self._once(pod, cancel_after, timeout, done)
            ended.starts = starts
            if ended.reason != "Error" or not _again(manifest, ended.code) or starts > _most(manifest):
                return ended
            starts += 1

    def _once(self, pod: Pod, cancel_after: float, timeout: float, done: threading.Event) -> Ended:
        log = self.folder / "logs" / pod.host
        given = {"PATH": PATH, "HOME": "/mnt/home", "HOSTNAME": pod.host, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        given |= {
            "KUBERNETES_SERVICE_HOST": "10.0.0.1",
            "BASH_ENV": "/mnt/bin/capture",
            "S2R_POD_GPUS": str(pod.gpus),
        }
        words = [*self.way, "sh", "-c", _SETUP, "sh", pod.host, str(self.folder), str(STANDINS), pod.folder]
        argv = ("/mnt/bin/sshd",) if pod.argv[0].endswith("sshd") else pod.argv
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [*words, "env", "-i", *(f"{k}={v}" for k, v in {**given, **pod.environment}.items()), *argv],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        reason = self._watch(process, pod, cancel_after, timeout, done)
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        reason = reason or ("Completed" if code == 0 else "Error")
        return Ended(pod, code, reason, log.read_text(errors="backslashreplace"))

    def _watch(
        self,
        process: "subprocess.Popen[bytes]",
        pod: Pod,
        cancel_after: float,
        timeout: float,
        done: threading.Event,
    ) -> str:
        """Wait for the end of a pod, and bring it about where a limit says so."""
        began, reason, asked = time.monotonic(), "", 0.0
        limits = [(cancel_after, "Deleted"), (pod.deadline_s, "DeadlineExceeded"), (timeout, "TimedOut")]
        while process.poll() is None:
            now = time.monotonic() - began
            over = next((why for limit, why in limits if limit and now > limit), "")
            if pod.role == "Worker" and done.is_set():
                over = "Completed"  # cleanPodPolicy: Running
            if over and not reason:
                reason, asked = over, now
                _signal(process, signal.SIGTERM)
            elif reason and now > asked + min(pod.grace_s, GRACE_S):
                _signal(process, signal.SIGKILL)
            time.sleep(0.02)
        return reason


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To process 1 of the pod: the child of ``unshare``."""
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), number)
    except (FileNotFoundError, ProcessLookupError):
        return


def _again(manifest: Mapping[str, Any], code: int) -> bool:
    """Whether the controller starts a pod again that ended with this status."""
    if manifest["kind"] == "PyTorchJob":
        return manifest["spec"]["pytorchReplicaSpecs"]["Master"]["restartPolicy"] == "ExitCode" and code >= 128
    if manifest["kind"] == "MPIJob":
        return False
    for rule in manifest["spec"].get("podFailurePolicy", {}).get("rules", []):
        codes = rule.get("onExitCodes")
        if codes and (code in codes["values"]) == (codes["operator"] == "In"):
            return rule["action"] in ("Count", "Ignore")
    return True


def _most(manifest: Mapping[str, Any]) -> int:
    spec = manifest["spec"]
    if manifest["kind"] == "PyTorchJob":
        return int(spec["runPolicy"]["backoffLimit"])
    return int(spec.get("backoffLimitPerIndex", spec.get("backoffLimit", 6)))


if sys.platform != "linux":  # pragma: no cover - the tests are skipped there
    WORK = ""
