"""The service on a developer's machine: ``python -m s2r_service``.

Starts at once, on loopback, without an account anywhere: the store is a file that survives a restart, and the rules
are the model unless the environment says otherwise.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s2r_ci.errors import S2rError
from s2r_service.assembly import assembled

if TYPE_CHECKING:
    import socket

_FOLDER: Final = ".s2r-service"


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    given = _parser().parse_args(argv)
    folder = Path(given.folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        environ = _environ(dict(os.environ), folder, given.host, given.port)
        return _serve(environ, given.host, given.port, given.trusted_proxy)
    except S2rError as error:
        print(f"s2r-service: {error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m s2r_service", description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8017, help="0: any free one; the address is printed")
    parser.add_argument("--folder", default=_FOLDER, help="where store and secret are kept (%(default)s)")
    parser.add_argument("--trusted-proxy", action="append", default=[], help="address of a proxy; repeatable")
    return parser


def _environ(environ: dict[str, str], folder: Path, host: str, port: int) -> dict[str, str]:
    """The environment with what a developer's machine needs and did not say."""
    keys = (
        "S2R_SERVICE_KEYS",
        "S2R_SERVICE_KEYS_FILE",
        "S2R_SERVICE_KEYS_ARN",
        "S2R_SHARED_SECRET",
        "SHARED_SECRET",
    )
    if not any(name in environ for name in keys):
        environ["S2R_SHARED_SECRET"] = _secret(folder / "secret")
    environ.setdefault("S2R_STORE", f"file:{folder / 'store.sqlite3'}")
    environ.setdefault("S2R_CONVERTER", "rules")
    environ.setdefault("S2R_DOCS", "true")
    return environ


def _secret(path: Path) -> str:
    """The secret of this machine, made at the first start; nobody else may read the file."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    return path.read_text(encoding="ascii")


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens, and whose connections send at once.

    They inherit that. asyncio sees to it only where the socket names its protocol, which ``create_server`` does not;
    without it the body of every answer waits 40 ms for the receipt of its head.
    """
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.create_server((host, port), family=family, backlog=256)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _serve(environ: dict[str, str], host: str, port: int, trusted: Sequence[str]) -> int:
    import uvicorn

    from s2r_service.app import create_app

    with listener(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        origin = f"http://{shown}:{listening.getsockname()[1]}"
        environ.setdefault("S2R_AUDIENCES", origin)
        app = create_app(assembled(environ), trusted_proxies=trusted)
        print(f"s2r-service: {origin}  (docs: {origin}/docs)", flush=True)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, proxy_headers=False, server_header=False,
            timeout_keep_alive=65,
        )  # fmt: skip
        uvicorn.Server(config).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
