"""One release of Slurm in its chroot: the real ``sbatch`` is called, and what it said and sent is read."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tools.slurm_oracle.records import parse_record, tidy

Answer = dict[str, Any]

ROOT = os.environ.get("ORACLE_ROOT", os.path.expanduser("~/.slurm-oracle"))
USER = "alice"
SHOWN = "/home/alice/proj"  # what the answers call the directory of submission
CHROOT = shutil.which("chroot") or "/usr/sbin/chroot"
NO_VALS = {18446744073709551614, 18446744073709551616}
NO_VAL, NO_LIMIT = 4294967294, 4294967295
MEMORY = {"min_mem_per_cpu", "min_mem_per_node"}  # fields of 64 bits, in which both are numbers like any other
NO_VAL16 = 65534
# the fields that are wider, in which that is a number like any other
WIDE = {
    "delay_boot", "max_cpus", "max_nodes", "min_cpus", "min_mem_per_cpu", "min_mem_per_node", "min_nodes", "nice",
    "num_tasks", "pn_min_tmp_disk", "priority", "req_switch", "time_limit", "time_min", "wait4switch",
}  # fmt: skip
ZERO_MEANS_UNSET = {
    "begin_time",
    "boards_per_node",
    "contiguous",
    "end_time",
    "immediate",
    "mail_type",
    "ntasks_per_board",
    "segment_size",
}
FOUND = re.compile(rb'^sbatch: debug2: Found in script, argument "(.*)"$')
SUBMITTED = re.compile(r"^(?:Submitted batch job )?(\d+)$", re.M)  # bare with --parsable
_seq_lock = threading.Lock()
_seq = [int(time.time() * 1000) % 10**9]


def text(raw: bytes) -> str:
    """Bytes as text; what is no UTF-8 becomes \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def plain(value: Any) -> Any:
    """Bytes that are not UTF-8 become \\xNN, as in text()."""
    if isinstance(value, str):
        return text(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    return value


class Slurm:
    """One chroot with one controller."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = os.path.join(ROOT, name)
        if not os.path.exists(os.path.join(self.root, "usr/bin/sbatch")):
            sys.exit(f"slurm_oracle: no Slurm in {self.root}; run setup.sh")
        self.version = self.tool("sbatch", "--version").split()[-1]
        if "UP" not in self.tool("scontrol", "ping"):
            sys.exit(f"slurm_oracle: the controller of {name} is not up; run setup.sh")

    def tool(self, *cmd: str) -> str:
        """What a program of the chroot prints."""
        p = subprocess.run([CHROOT, self.root, *cmd], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return text(p.stdout)

    def strict(self, on: bool) -> None:
        """Whether names of a real site stay in the job."""
        path = os.path.join(self.root, "run/oracle/strict")
        if on:
            open(path, "w").close()
        elif os.path.exists(path):
            os.unlink(path)

    # -- one script ----------------------------------------------------------
    def submit(
        self,
        path: str,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        verbose: bool = True,
        timeout: float = 25.0,
        stop: bool = False,
    ) -> Answer:
        """Put one script to sbatch; its job is still there."""
        with _seq_lock:
            _seq[0] += 1
            number = _seq[0]
        inside = f"/submit/j{number}"
        outside = self.root + inside
        os.mkdir(outside)
        os.chmod(outside, 0o777)
        name = os.path.basename(path) or "script"
        setup: dict[str, Any] = {}
        if os.path.exists(path + ".setup.json"):
            with open(path + ".setup.json") as f:
                setup = json.load(f)
        shutil.copyfile(path, os.path.join(outside, name))
        for extra, body in setup.get("files", {}).items():
            with open(os.path.join(outside, extra), "w") as f:
                f.write(body)
        given = {**setup.get("env", {}), **(env or {}), **({"SLURM_ORACLE_STOP": "1"} if stop else {})}
        words = [*setup.get("args", []), *args]
        cmd = [CHROOT, "--userspec", USER, self.root, "env", "-C", inside, "sbatch"]
        cmd += [*(["-vvv"] if verbose else []), *words, f"{inside}/{name}"]
        began = time.time()
        code, out, err = self._call(cmd, self._environ(path, inside, given, words), timeout)
        result: Answer = {
            "script": path, "slurm": self.version, "stage": None, "exit": code, "messages": [], "components": [],
            "_inside": inside, "_outside": outside,
        }  # fmt: skip
        self._read_stderr(result, err)
        self._collect(result, outside)
        stdout = text(out).strip()
        m = SUBMITTED.search(stdout)
        result["_job"] = int(m.group(1)) if m else None
        if not re.fullmatch(r"Submitted batch job \d+", stdout) and stdout:
            result["stdout"] = re.sub(r"\b" + m.group(1) + r"\b", "<jobid>", stdout) if m else stdout
        result["stage"] = "accepted" if m else self._stage(result)
        if any(k in c.get("options", {}) for c in result["components"] for k in ("begin", "deadline")):
            result["submitted_at"] = int(began)
        return result

    @staticmethod
    def _environ(path: str, inside: str, given: Mapping[str, str], words: Sequence[str]) -> dict[str, str]:
        """A clean environment, with the names whose values are wanted back."""
        environ = {
            "HOME": f"/home/{USER}", "USER": USER, "LOGNAME": USER, "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8", "ORACLE_VAR": "from-submit-shell", "SLURM_ORACLE_DIR": inside, **given,
        }  # fmt: skip
        with open(path, "rb") as f:
            spoken = text(f.read()) + " ".join([*environ.values(), *words])
        environ["SLURM_ORACLE_NAMES"] = " ".join(sorted(set(re.findall(r"([A-Za-z_]\w*)=", spoken))))
        return environ

    def _collect(self, result: Answer, outside: str) -> None:
        """Put what the two hooks wrote into the components."""
        parts: dict[int, dict[str, Any]] = {}
        for kind in ("options", "request"):
            path = os.path.join(outside, "." + kind)
            with suppress(FileNotFoundError), open(path, encoding="utf-8", errors="surrogateescape") as f:
                for line in f:
                    with suppress(ValueError):
                        got = plain(json.loads(line))
                        parts.setdefault(got["offset"], {})[kind] = got[kind]
        comps = result["components"]
        for offset in sorted(parts):
            while len(comps) <= offset:
                comps.append({})
            got = parts[offset]
            if "options" in got:
                comps[offset]["options"] = self._options(got["options"])
            if "request" in got:
                comps[offset]["request"] = self._request(got["request"])

    def _stage(self, result: Answer) -> str:
        """How far a script came that made no job."""
        comps = result["components"]
        if any(": Unmatched `" in s or ": Unexpected `" in s for s in result["messages"]):
            return "parse"  # perhaps before the first word of a later component is told
        if any("test-only" in c.get("options", {}) and "request" in c for c in comps):
            return "test-only"
        if any("request" in c for c in comps) or any(
            "Batch job submission failed" in s or s.startswith("allocation failure")  # the latter with --test-only
            for s in result["messages"]
        ):
            return "controller"
        if comps and all("options" in c for c in comps):
            return "verify"
        reached = any(c.get("tokens") or "options" in c for c in comps)
        return "parse" if reached or not self._refused_unread(result) else "read"

    def _call(
        self, cmd: Sequence[str], environ: Mapping[str, str], timeout: float
    ) -> tuple[int | None, bytes, bytes]:
        p = subprocess.Popen(
            cmd, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        chunks = {"out": b"", "err": b""}

        def drain(stream: Any, key: str) -> None:
            for block in iter(lambda: stream.read1(65536), b""):
                chunks[key] += block

        threads = [
            threading.Thread(target=drain, args=(p.stdout, "out")),
            threading.Thread(target=drain, args=(p.stderr, "err")),
        ]
        for t in threads:
            t.start()
        deadline = time.time() + timeout
        told = None
        pause = 0.002
        while p.poll() is None:
            now = time.time()
            if told is None and chunks["out"].startswith(b"Submitted batch job"):
                told = now
            # --wait: sbatch would stay until the job ends
            if now > deadline or (told and now - told > 1.5):
                p.kill()
                break
            time.sleep(pause)
            pause = min(pause * 1.3, 0.02)
        p.wait()
        for t in threads:
            t.join()
        code = p.returncode
        if code is not None and code < 0:
            code = None
        return code, chunks["out"], chunks["err"]

    @staticmethod
    def _refused_unread(result: Answer) -> bool:
        joined = " ".join(result["messages"])
        return bool(
            re.search(
                r"Batch script|does not look like a batch script|NULL character|"
                r"Unable to open file",
                joined,
            )
        )

    @staticmethod
    def _read_stderr(result: Answer, err: bytes) -> None:
        """Split sbatch's -vvv output into tokens per component and messages."""
        comps: list[dict[str, Any]] = []
        tokens: list[str] = []
        listing = False
        last = None
        for line in err.split(b"\n"):
            m = FOUND.match(line)
            if m:
                tokens.append(text(m.group(1)))
                continue
            if line == b"sbatch: defined options":
                comps.append({"tokens": tokens})
                tokens, listing = [], True
                continue
            if listing:
                if line == b"sbatch: end of defined options":
                    listing = False
                continue
            s = text(line)
            if re.match(r"sbatch: (debug\d?:|select/|-{20})", s) or not s.strip():
                continue
            s = s.replace(result["_inside"], SHOWN)
            s = re.sub(r"^sbatch: ", "", s)
            if s == last:
                continue
            last = s
            result["messages"].append(s)
        if tokens or not comps:
            comps.append({"tokens": tokens})
        result["components"] = comps

    def _options(self, opts: Mapping[str, Any]) -> dict[str, Any]:
        opts = dict(opts)
        opts.pop("argv", None)
        opts.pop("verbose", None)
        return opts

    @staticmethod
    def _request(req: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        env = req.pop("environment", {})
        for k, v in req.items():
            if isinstance(v, (int, float)):
                unsaid = v in NO_VALS or (v == NO_VAL and k not in MEMORY) or (v == NO_VAL16 and k not in WIDE)
                if unsaid or v > 1.8e19 or (v == 0 and k in ZERO_MEANS_UNSET):
                    continue
                if v == NO_LIMIT and k not in MEMORY | {"pn_min_tmp_disk", "req_switch"}:
                    v = "UNLIMITED"
                elif k == "nice":
                    v -= 2147483648
            out[k] = v
        out.pop("argc", None)
        out["environment"] = {k: env[k] for k in sorted(env) if k not in ("SLURM_UMASK", "SLURM_JOB_NAME")}
        return out

    # -- what the controller derived -----------------------------------------
    def records(self) -> dict[int, dict[str, str]]:
        """All jobs the controller knows."""
        jobs: dict[int, dict[str, str]] = {}
        for line in self.tool("scontrol", "-o", "show", "job").splitlines():
            rec = parse_record(line)
            if "JobId" in rec:
                jobs[int(rec["JobId"])] = rec
        return jobs

    def finish(self, results: list[Answer]) -> list[Answer]:
        """Attach the records, cancel the jobs, remove the directories."""
        ids = [r["_job"] for r in results if r["_job"] is not None]
        jobs = self.records() if ids else {}
        het: dict[int, dict[int, dict[str, str]]] = {}
        for rec in jobs.values():
            if "HetJobId" in rec:
                het.setdefault(int(rec["HetJobId"]), {})[int(rec["HetJobOffset"])] = rec
        for r in results:
            job = r.pop("_job")
            inside, outside = r.pop("_inside"), r.pop("_outside")
            shutil.rmtree(outside, ignore_errors=True)
            if job is not None:
                found = het.get(job) or ({0: jobs[job]} if job in jobs else {})
                for offset, rec in found.items():
                    while len(r["components"]) <= offset:
                        r["components"].append({})
                    comp = r["components"][offset]
                    comp["record"] = tidy(rec, comp.get("options", {}))
            clean(r, inside)
        for i in range(0, len(ids), 500):
            self.tool("scancel", *map(str, ids[i : i + 500]))
        return results


def clean(value: Any, inside: str) -> Any:
    """Replace the private directory of the call by the one the reader is told, in place."""
    if isinstance(value, dict):
        for k, v in value.items():
            value[k] = clean(v, inside)
        return value
    if isinstance(value, list):
        value[:] = [clean(v, inside) for v in value]
        return value
    if isinstance(value, str):
        return value.replace(inside, SHOWN)
    return value
