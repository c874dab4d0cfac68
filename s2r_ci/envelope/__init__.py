"""The envelope: what travels under a signature, for both sides.

One JSON object in ASCII. Whatever needs protection stands inside it, so no header has to be brought into a canonical
form: where it goes (``aud``, ``method``, ``path``), who signed (``kid``), what makes this attempt one of a kind
(``nonce``), what makes several attempts one request (``idem``), and the content. ``read_envelope`` is strict where
JSON is not: a name twice, NaN, half a surrogate, an unknown name or a deep nest is refused.

A GET carries the envelope in a header, as base64url: ``envelope_header`` and ``read_envelope_header``.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, NoReturn

from s2r_ci.errors import ConversionRefusedError
from s2r_ci.frozen import field, frozen, names_of
from s2r_ci.patterns import lazy

LARGEST: Final = 131_072  # octets of an envelope
LARGEST_SCRIPT: Final = 51_200  # octets of a script, as UTF-8
LARGEST_CONTEXT: Final = 32_768  # octets of answers and site together, as JSON
DEEPEST: Final = 4

_NONCE: Final = lazy(r"[A-Za-z0-9_-]{22}", re.ASCII)
_IDEM: Final = lazy(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_ALIAS: Final = lazy(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_REPO_ID: Final = lazy(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_PLAIN: Final = lazy(r"[^\x00-\x1f\x7f]*")
_TOKENS: Final = lazy(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_DIRECTIVE: Final = lazy(r"(?m)^#SBATCH")


class EnvelopeError(ConversionRefusedError):
    """An envelope, or a member of it, does not keep its rule. ``member`` is a name of ours, never what was sent."""

    status = 400
    code = "malformed-request"

    def __init__(self, what: str, *, member: str = "") -> None:
        super().__init__(what, where=member and f"envelope member {member}")
        self.member = member


class Repo(NamedTuple):
    """A repository. Under a shared secret it is what the client says of itself."""

    id: str
    name: str = ""


@frozen
class Envelope:
    """One signed request. An empty member does not travel.

    ``answers`` and ``site`` are as JSON holds them (``envelope.context``).
    ``session_id`` to ``reason`` belong to the conversation about a conversion and to feedback.
    """

    aud: str  # the deployment's origin, https://service.example.com
    method: str  # POST
    path: str  # /v1/convert, the query included
    kid: str = ""  # empty: one of the service's default keys
    nonce: str  # 22 characters of base64url, new for each attempt
    idem: str = ""  # the same for all attempts of one conversion
    script: str = ""
    name: str = ""  # path of the script in its repository: sbatch names a job after its file
    model: str = ""  # alias; empty: the deployment's default
    repo: Repo | None = None
    client: str = ""  # name/version
    target: str = ""
    runai_release: str = ""
    slurm_version: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    site: Mapping[str, Any] = field(default_factory=dict)
    session_id: str = ""
    instruction: str = ""  # "use 4 GPUs"
    verdict: str = ""  # accepted, edited, rejected
    diff: str = ""
    reason: str = ""


VERDICTS: Final = ("accepted", "edited", "rejected")
_TEXTS: Final[Mapping[str, tuple[int, re.Pattern[str]]]] = {  # most characters, and the form
    "aud": (512, _PLAIN),
    "method": (16, _PLAIN),
    "path": (1024, _PLAIN),
    "kid": (64, _PLAIN),
    "nonce": (22, _NONCE),
    "idem": (64, _IDEM),
    "script": (LARGEST_SCRIPT, lazy(r".+", re.DOTALL)),
    "name": (1024, _PLAIN),
    "model": (64, _ALIAS),
    "client": (64, _PLAIN),
    "target": (32, _ALIAS),
    "runai_release": (16, _ALIAS),
    "slurm_version": (16, _ALIAS),
    "session_id": (64, _IDEM),
    "instruction": (2_000, lazy(r"[^\x00]+")),
    "verdict": (16, lazy("|".join(VERDICTS))),
    "diff": (32_768, lazy(r"[^\x00]*")),
    "reason": (2_000, lazy(r"[^\x00]*")),
}
REQUIRED: Final = ("aud", "method", "path", "nonce")
_CONTENT: Final = ("script", "name", "model", "target", "runai_release", "slurm_version", "answers", "site",
                   "session_id", "instruction", "verdict", "diff", "reason")  # fmt: skip


# --- JSON, there and back ----------------------------------------------------------------------------------


def write_envelope(envelope: Envelope) -> bytes:
    """The envelope as ASCII JSON, members in the order of the class, empty ones left out."""
    return json.dumps({"s2r": 1, **_members(envelope)}, separators=(",", ":")).encode("ascii")


def _members(envelope: Envelope, names: Iterable[str] = ()) -> dict[str, Any]:
    found = {name: getattr(envelope, name) for name in names or names_of(envelope)}
    if repo := found.get("repo"):
        found["repo"] = {name: value for name, value in repo._asdict().items() if value}
    return {name: value for name, value in found.items() if value}


def read_envelope(data: bytes) -> Envelope:
    """The envelope in a body.

    Raises EnvelopeError where it does not keep a rule; whether it fits the request is for the reader to say.
    """
    members = dict(_table(_json(data), ""))
    version = members.pop("s2r", None)
    if type(version) is not int or version != 1:
        _refuse("must be 1", "s2r")
    if members.keys() - set(names_of(Envelope)):
        _refuse("has a member that this version does not know")
    for name in REQUIRED:
        if name not in members:
            _refuse("is missing", name)
    found = {name: _READERS.get(name, _text)(value, name) for name, value in members.items()}
    if len(json.dumps([members.get("answers"), members.get("site")], separators=(",", ":"))) > LARGEST_CONTEXT:
        _refuse(f"may have, with site, {LARGEST_CONTEXT:,} octets", "answers")
    return Envelope(**found)


def envelope_header(envelope: Envelope) -> str:
    """The envelope as a header of a GET carries it: base64url without padding."""
    return urlsafe_b64encode(write_envelope(envelope)).rstrip(b"=").decode("ascii")


def read_envelope_header(value: str) -> Envelope:
    """The envelope in a header. Raises EnvelopeError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        _refuse("is no base64url without padding")
    try:
        data = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        _refuse("is no base64url without padding")
    return read_envelope(data)


def _json(data: bytes) -> Any:
    if len(data) > LARGEST:
        _refuse(f"may have {LARGEST:,} octets")
    if not data.isascii():
        _refuse("must be ASCII; write other characters as \\u escapes")
    depth = 0
    for token in _TOKENS.findall(data):
        depth += (token in b"[{") - (token in b"]}")
        if depth > DEEPEST:
            _refuse(f"may be nested {DEEPEST} deep")
    try:
        return json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_no_constant)
    except (ValueError, RecursionError):  # an integer of 5,000 digits is a ValueError too
        _refuse("is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("holds a name twice")
    for name, value in pairs:
        _whole(name)
        if isinstance(value, str):
            _whole(value)
    return found


def _whole(text: str) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        _refuse("holds half a surrogate pair")


def _no_constant(word: str) -> NoReturn:
    _refuse("holds a number that is not whole")


def _refuse(what: str, member: str = "") -> NoReturn:
    raise EnvelopeError(f"{member or 'the envelope'} {what}", member=member)


# --- members -----------------------------------------------------------------------------------------------


def _text(value: Any, member: str) -> str:
    most, form = _TEXTS[member]
    if not isinstance(value, str):
        _refuse("must be text", member)
    _whole(value)
    if len(value) > most:
        _refuse(f"may have {most:,} characters", member)
    if not form.fullmatch(value):
        _refuse("does not have its form", member)
    return value


def _table(value: Any, member: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _refuse("must be an object", member)
    return value


def _repo(value: Any, member: str) -> Repo:
    table = _table(value, member)
    if not table.keys() <= {"id", "name"} or not all(isinstance(each, str) for each in table.values()):
        _refuse("holds id and name, both text", member)
    if not _REPO_ID.fullmatch(table.get("id", "")) or not _PLAIN.fullmatch(table.get("name", "")):
        _refuse("needs an id of at most 64 letters, digits, '.', '_' and '-'", member)
    return Repo(table["id"], table.get("name", "")[:256])


def _script(value: Any, member: str) -> str:
    text = _text(value, member)
    if len(text.encode()) > LARGEST_SCRIPT:
        _refuse(f"may have {LARGEST_SCRIPT:,} octets", member)
    return text


_READERS: Final[Mapping[str, Any]] = {"script": _script, "repo": _repo, "answers": _table, "site": _table}


def is_script(text: str) -> bool:
    """Whether a text may be sent as a script at all: a ``#SBATCH`` line, and no NUL."""
    return "\0" not in text and _DIRECTIVE.search(text) is not None


# --- one conversion, many attempts -------------------------------------------------------------------------


def content_digest(envelope: Envelope) -> str:
    """SHA-256 over what the answer depends on, in hex; attempts of one conversion have the same."""
    content = json.dumps(_members(envelope, _CONTENT), sort_keys=True, separators=(",", ":"))
    return sha256(content.encode("ascii")).hexdigest()


def default_idem(envelope: Envelope, *, tag: str = "") -> str:
    """The idempotency key that our client sends: equal for equal content in one repository, 43 characters.

    ``tag`` tells apart what the content does not: a version of prompt, a wish to be answered afresh.
    """
    repo = envelope.repo.id if envelope.repo else ""
    made = sha256("\0".join(("s2r/idem/1", tag, repo, content_digest(envelope))).encode())
    return urlsafe_b64encode(made.digest()).rstrip(b"=").decode("ascii")[:43]
