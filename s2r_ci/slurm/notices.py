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
_LATER_SIGNALS: Final = frozenset({"CHLD", "PIPE"})  # from 23.02 on
_BLANKS: Final = " \t\n\v\f\r"


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
    for letter in "RBR":  # each may be there
        if body[:1].upper() == letter:
            flags, body = flags + letter, body[1:]
    number = _signal(body.removeprefix(":").strip(_BLANKS), release)
    seconds, rest = units.leading(after) if at_sign else (60, "")
    if not number or rest or not 0 <= seconds <= 65535:
        raise RefusedError("needs [B:]SIGNAL[@SECONDS], a signal's name or number and at most 65535 seconds")
    held = ("R" in flags, "B" in flags, number, seconds)
    return signal_words(held, release), held


def _signal(text: str, release: Release) -> int:
    """The number of a signal, of which 16 bits are kept; 0 where it is none."""
    name = text.upper().removeprefix("SIG")
    if name in _SIGNALS:
        return _SIGNALS[name] if release >= (23, 2) or name not in _LATER_SIGNALS else 0
    number, rest = units.leading(text)
    return 0 if rest else number & 0xFFFF


def signal_words(held: tuple[bool, bool, int, int], release: Release) -> str:
    """A signal as Slurm spells it: ``B:USR1@90``; 60 seconds are the default and left out."""
    reservation, batch, number, seconds = held
    flags = ("R" if reservation else "") + ("B" if batch else "")
    name = _SIGNAL_NAMES.get(number, "")
    if not name or (name in _LATER_SIGNALS and release < (23, 2)):
        name = str(number)
    return (flags + ":" if flags else "") + name + ("" if seconds == 60 else f"@{seconds}")
