"""What a step leaves with GitHub beside its log: masks, step outputs, the job summary.

Rules G-06 to G-09 of the security design: secrets are masked before anything else is printed; outputs stand between
delimiters that nobody can guess; a summary is counted in octets together with what stands in the file already,
because the runner drops a summary above a mebibyte as a whole. ``GITHUB_ENV``, ``GITHUB_PATH`` and ``GITHUB_STATE``
are never written.
"""

import base64
import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.errors import ConfigurationError, PublishError

LARGEST_SUMMARY: Final = 900_000  # octets
LARGEST_OUTPUTS: Final = 524_288
_SHORTEST_SECRET: Final = 8
_CUT: Final = "\n\nCut here: the summary has room for no more. The log of this step holds the rest.\n"


def masks(secret: str, name: str) -> Iterator[str]:
    """The workflow commands that hide a secret, each of its lines, and its usual spellings.

    Raises ConfigurationError for a value so short that masking it would only riddle the log.
    """
    if len(secret) < _SHORTEST_SECRET:
        raise ConfigurationError(
            f"a secret of fewer than {_SHORTEST_SECRET} characters cannot be masked", where=f"input {name}"
        )
    data = secret.encode("utf-8", "surrogateescape")
    spelt = [base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), data.hex()]
    lines = [line for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_SECRET]
    for value in dict.fromkeys([*([] if "\n" in secret or "\r" in secret else [secret]), *lines, *spelt]):
        yield f"::add-mask::{value.replace('%', '%25')}"


def write_outputs(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Append step outputs to ``GITHUB_OUTPUT``; outside of Actions nothing happens. Raises PublishError."""
    blocks = []
    for name, value in values.items():
        delimiter = f"ghadelimiter_{uuid.uuid4()}"
        if delimiter in value or delimiter in name or "\n" in name or "<<" in name or "=" in name:
            raise PublishError(f"the output {name!a} cannot be written", hint="run the step again")
        blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    text = "".join(blocks).encode("utf-8", "backslashreplace")
    if len(text) > LARGEST_OUTPUTS:
        raise PublishError(
            f"the outputs are larger than {LARGEST_OUTPUTS:,} octets", hint="read report-json instead"
        )
    _append("GITHUB_OUTPUT", text, environ)


def write_summary(text: str, environ: Mapping[str, str]) -> None:
    """Append to the job summary what there is room for; outside of Actions nothing happens. Raises PublishError."""
    path = environ.get("GITHUB_STEP_SUMMARY", "")
    try:
        there = os.path.getsize(path) if path and os.path.isfile(path) else 0
    except OSError:
        there = 0
    data = text.encode("utf-8", "backslashreplace")
    room = LARGEST_SUMMARY - there - len(_CUT)
    if len(data) > room:
        whole = data[: max(room, 0)].rpartition(b"\n")[0]
        data = whole + _CUT.encode() if whole else b""
    _append("GITHUB_STEP_SUMMARY", data, environ)


def _append(variable: str, data: bytes, environ: Mapping[str, str]) -> None:
    path = environ.get(variable, "")
    if not path or not data:
        return
    try:
        with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644), "ab") as file:
            file.write(data)
    except OSError as error:
        raise PublishError(
            f"the file that {variable} names cannot be written: {error.strerror}", where=variable
        ) from error
