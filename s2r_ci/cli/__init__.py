"""The command ``s2r-scan``: arguments in, exit code out. Only ``at_the_door``
catches; each verb is a file of its name."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NoReturn

from s2r_ci import __version__
from s2r_ci.errors import ConfigurationError, S2rError

VERBS: Final[Mapping[str, str]] = {
    "check": "compare every script with its manifest (the default)",
    "write": "write or renew the manifests",
    "audit": "what is there, what it asks for, what has to be answered",
    "pr": "open or update pull requests that carry the manifests",
    "answer": "answer the comment that started this workflow",
    "explain": "one script and its manifest, line by line",
    "lint": "what is wrong with the scripts themselves",
    "validate": "check manifests against their schema",
    "schema": "print the shipped schemas",
    "init": "propose settings, a workflow and hooks for this repository",
    "rule": "what a rule means and how to put it right",
    "doctor": "what is configured and what is missing",
}
INTERRUPTED: Final = 130
TERMINATED: Final = 143
BUG: Final = 70


class Terminated(BaseException):
    """The process was asked to end; nothing between here and ``main`` may stop it."""


def command() -> NoReturn:
    """The command ``s2r-scan`` as a process of its own."""
    as_process(main)


def as_process(main: Callable[[], int]) -> NoReturn:
    """Run ``main`` and end the process with its code.

    A run makes values and no cycles to speak of, so the collector looks for them less often; and when all is written,
    the process ends without the interpreter taking its modules apart. Together a sixth of a short run.
    """
    import gc
    import os

    gc.set_threshold(100_000, 20, 100)
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # the reader is gone, or the disk is full
        code = 5 if code in (0, 1) else code
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (table in the README)."""
    words = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    if words == ["--version"]:  # before anything is loaded
        print(f"s2r-scan {__version__}")
        return 0
    return at_the_door(lambda: _run(words))


def at_the_door(run: Callable[[], int]) -> int:
    """What ``run`` returns, or the exit code of what ended it, told on standard error: the hooks come in here too."""
    try:
        with _ended_by_signal():
            return run()
    except S2rError as error:
        _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        _drop_output()
        return 5
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except RecursionError:
        _complain("the input is nested too deeply to be read")
        return BUG
    except Exception as error:  # the one door: a bug is told as one
        return _bug(error)


def _open_streams() -> None:
    """A stream that was closed before the start (``>&-``) is None: what would go there goes nowhere."""
    import os

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  open as long as the process


def _run(words: list[str]) -> int:
    from importlib import import_module

    if words and words[0] not in VERBS:
        _not_mistyped(words[0])
    verb = words[0] if words and words[0] in VERBS else "check"
    rest = words[1:] if words and words[0] in VERBS else words
    module = {"write": "check"}.get(verb, verb)
    return int(import_module(f"s2r_ci.cli.{module}").run(verb, rest))


def _not_mistyped(word: str) -> None:
    """Raise ConfigurationError for a bare word that is neither a verb nor a path: ``chekc``."""
    import os

    if word.isalpha() and not os.path.lexists(word):
        raise ConfigurationError(
            "there is no such file or folder, and no such verb", where=word, hint=f"the verbs: {', '.join(VERBS)}"
        )


class _ended_by_signal:  # noqa: N801  reads like the built-in context managers
    """SIGTERM ends the run as an interrupt does: temporary files are removed on the way out."""

    def __enter__(self) -> None:
        import signal

        self._old = None
        with suppress(ValueError):  # not the main thread: then signals are somebody else's
            self._old = signal.signal(signal.SIGTERM, self._raise)

    def __exit__(self, *_: object) -> None:
        import signal

        if self._old is not None:
            signal.signal(signal.SIGTERM, self._old)

    @staticmethod
    def _raise(*_: object) -> None:
        raise Terminated


def _complain(text: str) -> None:
    from s2r_ci.render.safe import printable

    lines = [printable(line) for line in text.split("\n")]
    print("s2r-scan: " + "\n".join(lines), file=sys.stderr)


def _bug(error: Exception) -> int:
    import traceback

    _complain(
        f"a bug in s2r-ci: {type(error).__name__}: {error}\n"
        "  hint: please report it with the lines below and, if you may, the script"
    )
    traceback.print_exc(limit=-6)
    return BUG


def _drop_output() -> None:
    """Standard output is gone (``| head``): keep the interpreter from complaining when it closes."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
