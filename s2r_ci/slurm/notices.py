"""What a job tells the world: mail events, and the signal before its end."""

from typing import Any, Final

from s2r_ci.slurm import units
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError

MAIL: Final = {
    "ARRAY_TASKS": 0x200, "INVALID_DEPEND": 0x400, "BEGIN": 1, "END": 2, "FAIL": 4, "REQUEUE": 8, "STAGE_OUT": 0x100,
    "TIME_LIMIT_50": 0x80, "TIME_LIMIT_80": 0x40, "TIME_LIMIT_90": 0x20, "TIME_LIMIT": 0x10,
}  # fmt: skip
_MAIL_BITS: Final = tuple(MAIL.items())
_MAIL_ALL: Final = 0x50F
_SIGNALS: Final = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "USR1": 10, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15,
    "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24,
}  # fmt: skip
_SIGNAL_NAMES: Final = {number: name for name, number in _SIGNALS.items()}


def read_mail(text: str, release: Release) -> tuple[str, Any]:
    """A comma list of events, in any case; words that are none are dropped, NONE ends it."""
    bits, known = 0, False
    for word in text.upper().split(","):
        if word == "NONE":
            bits, known = 0, True
            break
        bit = _MAIL_ALL if word == "ALL" else MAIL.get(word, 0)
        bits |= bit
        known = known or bool(bit)
    if not known:
        raise RefusedError("needs a comma list of NONE, BEGIN, END, FAIL, REQUEUE, ALL, TIME_LIMIT, ...")
    return mail_words(bits), bits


def mail_words(bits: int) -> str:
    """Mail events as Slurm lists them."""
    return ",".join([name for name, bit in _MAIL_BITS if bits & bit]) or "NONE"


def read_signal(text: str, release: Release) -> tuple[str, Any]:
    """``[B:|R:]SIGNAL[@SECONDS]``, as flags, number and seconds; the colon may be missing."""
    body, at_sign, after = text.partition("@")
    flags = ""
    while body[:1] in ("B", "R", "b", "r") and body:
        flags += body[0].upper()
        body = body[1:]
    name = body.removeprefix(":").upper().removeprefix("SIG")
    number = _SIGNALS.get(name) or (units.digits(name) or 0) & 0xFFFF
    seconds = (units.digits(after) if after else 0) if at_sign else 60
    if not number or seconds is None or seconds > 65535:
        raise RefusedError("needs [B:]SIGNAL[@SECONDS], a signal's name or number and at most 65535 seconds")
    held = ("R" in flags, "B" in flags, number, seconds)
    return signal_words(held), held


def signal_words(held: tuple[bool, bool, int, int]) -> str:
    """A signal as Slurm spells it: ``B:USR1@90``; 60 seconds are the default and left out."""
    reservation, batch, number, seconds = held
    flags = ("R" if reservation else "") + ("B" if batch else "")
    name = _SIGNAL_NAMES.get(number, str(number))
    return (flags + ":" if flags else "") + name + ("" if seconds == 60 else f"@{seconds}")
