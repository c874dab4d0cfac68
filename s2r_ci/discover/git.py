"""Running git on a tree that is not ours to trust.

Everything that could make git run a command of the repository is turned off, ``GIT_*`` is taken out of the
environment (a hook's own variables would send git elsewhere), nothing is locked, nobody is asked.
"""

import os
import select
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from s2r_ci.errors import ConfigurationError, IncompleteError

TIMEOUT_S: Final = 60  # without a word from git
CHUNK: Final = 65_536
OPTIONS: Final = (
    "--no-pager", "--literal-pathspecs",
    "-c", "core.fsmonitor=", "-c", f"core.hooksPath={os.devnull}", "-c", "safe.bareRepository=explicit",
    "-c", "protocol.allow=never",
)  # fmt: skip
SETTINGS: Final = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_PAGER": "cat",
    "LC_ALL": "C", "LANGUAGE": "C",
}  # fmt: skip
NOT_GIT: Final = ("not a git repository", "cannot use bare", "in a work tree", "invalid gitfile format")


class NotGitError(Exception):
    """The folder belongs to no work tree, or there is no git on this machine. Stays inside this package."""


class Git:
    """One run of git in ``folder``: iterate over its output, then ask for ``warnings``."""

    def __init__(self, folder: str, *words: str, environ: Mapping[str, str], emptied: Sequence[str] = ()) -> None:
        """``emptied``: keys of git's configuration that shall have no value, whatever the repository says."""
        self.folder = folder
        self.words = words
        self.environ = {name: value for name, value in environ.items() if not name.startswith("GIT_")} | SETTINGS
        self.environ |= {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(emptied)}
        self.environ |= {f"GIT_CONFIG_VALUE_{number}": "" for number in range(len(emptied))}
        self.environ["GIT_CONFIG_COUNT"] = str(len(emptied))
        self.errors = b""
        self._pid = 0  # 0: not started, -1: ended
        self._running = (0, -1, -1)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the output in pieces; once.

        Raises NotGitError, IncompleteError (git fails, or says nothing for a minute) and ConfigurationError.
        """
        _, out, err = self.start()._running
        try:
            yield from self._pieces(out, err)
        except BaseException:
            self.stop()
            raise
        if status := self._ended():
            raise self._failure(status)

    def start(self) -> "Git":
        """Let git begin now; its output is read later. Call ``stop`` where that may not come to pass."""
        if not self._pid:
            self._running = self._start()
            self._pid = self._running[0]
        return self

    def stop(self) -> None:
        """End what still runs."""
        if self._pid > 0:
            os.kill(self._pid, signal.SIGKILL)
            self._ended()

    def _ended(self) -> int:
        pid, out, err = self._running
        self._pid = -1
        os.close(out)
        os.close(err)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    @property
    def warnings(self) -> list[str]:
        """What git said beside its output, a line each."""
        return self.errors.decode("utf-8", "surrogateescape").splitlines()

    def _start(self) -> tuple[int, int, int]:
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, out_end, 1),
            (os.POSIX_SPAWN_DUP2, err_end, 2),
        ]
        command = ["git", "-C", self.folder, *OPTIONS, *self.words]
        try:
            pid = os.posix_spawnp(
                "git", command, self.environ, file_actions=actions, setsigdef=[signal.SIGPIPE, signal.SIGINT]
            )
        except OSError as error:
            os.close(out)
            os.close(err)
            raise NotGitError(f"git cannot be run: {error.strerror}") from None
        finally:
            os.close(out_end)
            os.close(err_end)
        return pid, out, err

    def _pieces(self, out: int, err: int) -> Iterator[bytes]:
        poll = select.poll()
        poll.register(out, select.POLLIN)
        poll.register(err, select.POLLIN)
        waiting = {out, err}
        while waiting:
            start = time.monotonic()
            ready = poll.poll(TIMEOUT_S * 1000)
            if not ready and time.monotonic() - start >= TIMEOUT_S:
                raise IncompleteError(f"git said nothing for {TIMEOUT_S} s", where=self.folder)
            for descriptor, _ in ready:
                piece = os.read(descriptor, CHUNK)
                if not piece:
                    poll.unregister(descriptor)
                    waiting.discard(descriptor)
                elif descriptor == err:
                    self.errors = (self.errors + piece)[-1_000_000:]
                else:
                    yield piece

    def _failure(self, status: int) -> Exception:
        said = self.errors.decode("utf-8", "replace")
        if "dubious ownership" in said or "is owned by someone else" in said:
            hint = f"if you trust it: git config --global --add safe.directory '{os.path.abspath(self.folder)}'"
            return IncompleteError(
                "git refuses this repository: another user owns it", where=self.folder, hint=hint
            )
        if any(word in said for word in NOT_GIT):
            return NotGitError(said.strip())
        if any(word in said for word in ("unknown revision", "bad revision", "ot a valid", "ambiguous arg")):
            return ConfigurationError(f"git knows no revision {self.words[-1]!r}", hint="fetch it, or name another")
        if self.words[0] == "merge-base" and status == 1:
            what = f"HEAD and {self.words[-1]!r} have no commit in common"
            return ConfigurationError(what, where=self.folder, hint="fetch the whole history (fetch-depth: 0)")
        last = said.strip().splitlines()[-1:] or [f"it ended with status {status}"]
        return IncompleteError(f"git {self.words[0]} failed: {last[0]}", where=self.folder)


def output(folder: str, *words: str, environ: Mapping[str, str], emptied: Sequence[str] = ()) -> bytes:
    """All of git's output. Raises as the iteration does."""
    return b"".join(Git(folder, *words, environ=environ, emptied=emptied))


def filter_keys(folder: str, environ: Mapping[str, str]) -> list[str]:
    """The keys that name filter drivers: git runs those where it compares a file with its index."""
    keys = output(folder, "config", "-z", "--list", "--name-only", environ=environ).decode(
        "utf-8", "surrogateescape"
    )
    return sorted({key for key in keys.split("\0") if key.startswith("filter.") and key.count(".") > 1})
