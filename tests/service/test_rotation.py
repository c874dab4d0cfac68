"""A key is replaced under load: no good request is refused, and a revoked key is dead in a minute (F-30, row 9)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from s2r_service.keyring import REREAD_S, Key, Keyring, Reloading
from tests.service.callers import NOW, OTHER, SECRET, ask, deployment, envelope, told

OLD = Key("old-key", SECRET, client="ci", default=True)
NEW = Key("new-key", OTHER, client="ci")
STAGES = (
    Keyring({"old-key": OLD}),
    Keyring({"old-key": OLD._replace(default=False), "new-key": NEW._replace(default=True)}),
    Keyring({"new-key": NEW._replace(default=True)}),
)


class Rotation:
    """Which keyring the deployment is given, the service's steady clock, and what is asked of it by whom."""

    def __init__(self) -> None:
        self.stage = 0
        self.seconds = 0.0
        self.reads = 0
        keyring = Reloading(self._read, lambda: self.seconds)
        self.parts = deployment(daily_limit=10**9)._replace(keyring=keyring)

    def _read(self) -> Keyring:
        self.reads += 1
        return STAGES[self.stage]

    def ask(self, key: Key, number: int = 0) -> str:
        made: Any = envelope(script=f"#!/bin/sh\n#SBATCH -n 1\ntrue {number}\n", kid=key.kid)
        return told(ask(made, kid=key.kid, secret=key.secret), self.parts)

    def after_a_minute(self, stage: int) -> None:
        self.stage = stage
        self.seconds += REREAD_S


def rotated(requests: int) -> None:
    """Clients change over while both keys are good; in each third of the requests the deployment goes on by a stage."""
    rotation, lock, asked = Rotation(), threading.Lock(), [0]

    def one(number: int) -> str:
        with lock:
            asked[0] += 1
            if asked[0] == requests // 3:
                rotation.after_a_minute(1)
        # a client that was given the new key uses it only once the service knows it
        key = NEW if rotation.stage == 1 and rotation.parts.keyring().keys.keys() >= {NEW.kid} else OLD
        return rotation.ask(key, number)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(requests)))
    assert answers.count("200") == requests, "nobody is refused while both keys are good"
    rotation.after_a_minute(2)
    assert (rotation.ask(OLD), rotation.ask(NEW)) == ("invalid-signature", "200")


def test_a_rotation_under_load_refuses_nobody() -> None:
    rotated(240)


@pytest.mark.slow
def test_a_rotation_under_ten_thousand_requests_refuses_nobody() -> None:
    """Row 9."""
    rotated(10_000)


def test_a_revoked_key_is_dead_within_a_minute_and_not_before_it_is_looked_at() -> None:
    rotation = Rotation()
    rotation.stage = 2
    rotation.seconds = REREAD_S - 1
    assert rotation.ask(OLD) == "200"
    assert rotation.reads == 1
    rotation.seconds = REREAD_S
    assert rotation.ask(OLD) == "invalid-signature"
    assert REREAD_S <= 60


def test_a_key_dies_at_its_own_date_whatever_is_read() -> None:
    rotation = Rotation()
    rotation.parts = rotation.parts._replace(
        keyring=lambda: Keyring({OLD.kid: OLD._replace(not_after_ns=NOW - 1, default=False)})
    )
    assert rotation.ask(OLD) == "key-expired"
