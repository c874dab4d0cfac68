"""Rendered reports to where they were asked for: standard output, or a file."""

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from s2r_ci.errors import ConfigurationError, PublishError


class Wanted(NamedTuple):
    """One ``--format WORD[=FILE]``; no file is standard output."""

    word: str
    file: str = ""


def wanted(formats: Sequence[str]) -> tuple[Wanted, ...]:
    """The formats as asked for; text to standard output when none of them goes there but GitHub's own.

    Raises ConfigurationError when two would write to the same place.
    """
    asked = [Wanted(word=word, file=file) for word, _, file in (text.partition("=") for text in formats)]
    places = [ask.file for ask in asked]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise ConfigurationError("two formats would be written to one file", where=twice, hint="name two files")
    if places.count("") > 1:
        raise ConfigurationError(
            "two formats would be written to standard output", hint="give one of them a file: --format sarif=FILE"
        )
    if asked and "" not in places:
        asked.insert(0, Wanted(word="text"))
    return tuple(asked) or (Wanted(word="text"),)


def publish(text: str, file: str) -> None:
    """Write ``text`` to a file (replaced as a whole) or, without a name, to standard output.

    Raises PublishError.
    """
    data = text.encode("utf-8", "backslashreplace")
    if not file:
        _print(data)
        return
    temporary = f"{file}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise PublishError(
            f"the report could not be written: {error.strerror}",
            where=file,
            hint="name a folder that can be written",
        ) from error


def _print(data: bytes) -> None:
    try:
        sys.stdout.flush()
        if not hasattr(sys.stdout, "buffer"):  # somebody's StringIO
            sys.stdout.write(data.decode())
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PublishError(f"standard output could not be written: {error.strerror}") from error
