"""The service is killed (-9) around each word to its store; a later retry is answered and charged once (F-23).

The process is a real one and so is the file it writes; what is left behind is all that the next process knows.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from s2r_ci import signing
from s2r_service.store.embedded import EmbeddedStore
from tests.service.callers import NOW, SCRIPT, Clock, ask, deployment, envelope, told

ROOT: Final = Path(__file__).parents[2]
WORDS: Final = 6  # of one conversion: claim, record, charge, turn, answer, settle
CODE: Final = """
import os, signal, sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/lambda"]
from s2r_service.store.embedded import EmbeddedStore
from tests.service.callers import NOW, deployment, told
from tests.service.test_killed import asked

class Dying:
    # speaks to the file, and dies before or after a certain word
    def __init__(self, store, word, after):
        self.store, self.word, self.after, self.said = store, word, after, 0

    def __getattr__(self, name):
        def say(*arguments, **named):
            self.said += 1
            if self.said == self.word and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = getattr(self.store, name)(*arguments, **named)
            if self.said == self.word:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer
        return say

store = Dying(EmbeddedStore(sys.argv[2], now=lambda: NOW // 10**9), int(sys.argv[3]), sys.argv[4] == "after")
print(told(asked("first"), deployment(store)), store.said)
"""


def asked(nonce: str, at_ns: int = NOW) -> Any:
    """The same conversion each time, in a request of its own."""
    made = envelope(script=SCRIPT, idem="one", nonce=nonce.ljust(22, "0"))
    return ask(made, at=signing.timestamp_of(at_ns))


def killed(file: Path, word: int, when: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CODE, str(ROOT), str(file), str(word), when]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_conversion_has_as_many_words_as_are_tried_below(tmp_path: Path) -> None:
    done = killed(tmp_path / "s", WORDS + 1, "before")
    assert done.stdout.split() == ["200", str(WORDS)], done.stderr


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("word", range(1, WORDS + 1))
def test_a_service_that_is_killed_charges_once(tmp_path: Path, word: int, when: str) -> None:
    assert killed(tmp_path / "s", word, when).returncode == -9
    clock = Clock()
    store = EmbeddedStore(tmp_path / "s", now=lambda: clock() // 10**9)
    parts = deployment(store, now=clock)
    soon = told(asked("soon"), parts)
    assert soon in ("200", "in-progress")
    clock.now_ns += 65 * 10**9  # the dead attempt's lease has passed
    assert told(asked("later", clock()), parts) == "200"  # I7
    counter = store.get("q#key#ci-1#2025-11-20") or {}
    assert counter["n"] == 1, "I2"
    assert store.get("q#key#ci-1#2025-11-21") is None
    if (word, when) != (1, "before"):
        assert told(asked("first"), parts) == "replayed-signature", "I1: its octets are used up"
    clock.now_ns += 3_600 * 10**9
    assert told(asked("again", clock()), parts) == "200"
    assert (store.get("q#key#ci-1#2025-11-20") or {})["n"] == 1, "a kept answer costs nothing"
