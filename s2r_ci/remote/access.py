"""Where the service is, and the key that signs: read once, and never shown."""

import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.patterns import lazy
from s2r_ci.signing import read_secret

SECRET: Final = "S2R_SHARED_SECRET"  # noqa: S105  its name
SECRET_FILE: Final = "S2R_SHARED_SECRET_FILE"  # noqa: S105  its name
_LARGEST_SECRET_FILE: Final = 4096  # octets
_HOST: Final = lazy(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_LOOPBACK: Final = lazy(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")


class Secret:
    """A key that no text shows: neither ``print`` nor a traceback nor a copy of a value that holds it."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        self.octets: Final = octets

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not copied to other processes")


class Access(NamedTuple):
    """A service and the key to it."""

    origin: str  # https://host, without a slash at the end: what a request names as its audience
    key_id: str  # empty: the service tries its default keys
    secret: Secret


def access_of(endpoint: str, key_id: str, environ: Mapping[str, str]) -> Access | None:
    """The service that settings and environment describe; None where the address or the secret is not given.

    Raises ConfigurationError for an address that is not safe, or a secret that is too weak or cannot be read.
    """
    given = secret_of(environ)
    if endpoint and given is None and key_id == "oidc":
        given = Secret(b"")  # bought with the workflow's token when the first request is made: remote.workflow
    if not endpoint or given is None:
        return None
    return Access(origin=origin_of(endpoint), key_id=key_id, secret=given)


def origin_of(endpoint: str) -> str:
    """The origin of an address that is safe to send scripts to.

    >>> origin_of("https://Abc.lambda-url.us-west-2.on.aws/")
    'https://abc.lambda-url.us-west-2.on.aws'
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise _unsafe("it has no readable host and port") from None
    scheme, _, rest = endpoint.partition("://")
    if scheme.lower() not in ("https", "http"):
        raise _unsafe("it does not begin with https://")
    host = rest.partition("/")[0].rpartition("@")[2].lower()
    if "@" in parts.netloc:
        raise _unsafe("it holds a user name")
    host = host.removesuffix(f":{port}") if port is not None else host
    if not host.isascii():
        raise _unsafe("its host is not ASCII; write it as xn--...")
    if not _HOST.fullmatch(host):
        raise _unsafe("it has no readable host")
    if port == 0:
        raise _unsafe("port 0 is no port")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "?" in endpoint or "#" in endpoint:
        raise _unsafe("it has a path; the service answers at the top")
    if scheme.lower() == "http" and not _LOOPBACK.fullmatch(host):
        raise _unsafe("it is not encrypted; http is for this machine alone")
    default = {"https": 443, "http": 80}[scheme.lower()]
    return f"{scheme.lower()}://{host}" + (f":{port}" if port not in (None, default) else "")


def _unsafe(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the address of the service cannot be used: {why}",
        where="api-endpoint",
        hint="an origin such as https://abc123.lambda-url.us-west-2.on.aws",
    )


def secret_of(environ: Mapping[str, str]) -> Secret | None:
    """The shared secret of the environment, or of the file that it names; None where neither is given."""
    text = environ.get(SECRET, "")
    name = environ.get(SECRET_FILE, "")
    if text.strip() and name.strip():
        raise ConfigurationError(f"{SECRET} and {SECRET_FILE} are both set", where=SECRET, hint="set one of them")
    if text.strip():
        return Secret(read_secret(os.fsencode(text), where=SECRET))
    return Secret(read_secret(_read(name), where=SECRET_FILE)) if name.strip() else None


def _read(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read(_LARGEST_SECRET_FILE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name holds a NUL"
        raise ConfigurationError(
            f"the file with the shared secret cannot be read: {reason}", where=SECRET_FILE, hint="make it readable"
        ) from None
