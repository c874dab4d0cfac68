"""A real API server of Kubernetes 1.20 on loopback, and what it makes of an object."""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(os.environ.get("ADMISSION_ROOT") or Path.home() / ".cache" / "s2r-ci")
BUILD: Final = Path(__file__).with_name("build.sh")
_READY_S: Final = 60
_TOKEN: Final = "admission-test-only"


class Answer(NamedTuple):
    """What the server says: its status, and the object or the refusal."""

    status: int
    body: dict[str, Any]


class Server(NamedTuple):
    """The address of a running server, and the certificate that it has made for itself."""

    address: str
    context: ssl.SSLContext

    def create(self, path: str, body: Mapping[str, Any], *, dry: bool = True) -> Answer:
        """POST an object; ``dry`` admits and stores nothing."""
        url = f"{self.address}{path}{'?dryRun=All' if dry else ''}"
        return self._ask(urllib.request.Request(url, json.dumps(body).encode(), method="POST"))

    def get(self, path: str) -> Answer:
        """GET a path."""
        return self._ask(urllib.request.Request(f"{self.address}{path}"))

    def _ask(self, request: urllib.request.Request) -> Answer:
        request.add_header("Authorization", f"Bearer {_TOKEN}")
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept", "application/json")
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as reply:
                return Answer(reply.status, _object(reply.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _object(error.read()))


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {"message": data.decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {"message": found}


@contextmanager
def started(root: Path = ROOT) -> Iterator[Server]:
    """Build where nothing is built yet, start etcd and the API server on free ports, stop both at the end."""
    subprocess.run([str(BUILD), str(root)], check=True)
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "wb") as log:
        ports = _free_ports(3)
        etcd = subprocess.Popen(_etcd(folder, *ports[:2]), stdout=log, stderr=log)
        try:
            _key(folder)
            api = subprocess.Popen(_api(root, folder, ports[0], ports[2]), stdout=log, stderr=log)
            try:
                yield _ready(folder, ports[2], api)
            finally:
                _stop(api)
        finally:
            _stop(etcd)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _key(folder: str) -> None:
    subprocess.run(["openssl", "genrsa", "-out", f"{folder}/sa.key", "2048"], check=True, capture_output=True)
    Path(folder, "tokens.csv").write_text(f'{_TOKEN},admin,1,"system:masters"\n', encoding="utf-8")


def _etcd(folder: str, client: int, peer: int) -> list[str]:
    here, there = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        "etcd", f"--data-dir={folder}/etcd", f"--listen-client-urls={here}", f"--advertise-client-urls={here}",
        f"--listen-peer-urls={there}", f"--initial-advertise-peer-urls={there}", f"--initial-cluster=default={there}",
        "--unsafe-no-fsync",
    ]  # fmt: skip


def _api(root: Path, folder: str, etcd: int, port: int) -> list[str]:
    return [
        str(root / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1", f"--secure-port={port}", "--insecure-port=0", f"--cert-dir={folder}/certs",
        f"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC", "--api-audiences=api",
        f"--service-account-key-file={folder}/sa.key", f"--service-account-signing-key-file={folder}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none",
    ]  # fmt: skip


def _ready(folder: str, port: int, api: "subprocess.Popen[bytes]") -> Server:
    certificate, end = Path(folder, "certs", "apiserver.crt"), time.monotonic() + _READY_S
    while time.monotonic() < end and api.poll() is None:
        if certificate.exists():
            context = ssl.create_default_context(cafile=str(certificate))
            context.check_hostname = False  # the certificate is for the host's name
            server = Server(f"https://127.0.0.1:{port}", context)
            try:
                if server.get("/readyz").status == 200:
                    return server
            except OSError:
                pass
        time.sleep(0.1)
    raise RuntimeError(
        f"the API server did not start:\n{Path(folder, 'log').read_text('utf-8', 'replace')[-3000:]}"
    )
