"""Amounts as Kubernetes writes them, both ways and without rounding.

The grammar is that of ``k8s.io/apimachinery/pkg/api/resource``: a signed decimal number, then a binary suffix
(``Ki`` to ``Ei``), a decimal one (``n`` to ``E``) or an exponent (``e3``, ``E-2``). What is finer than a
billionth is rounded up, as the API server does.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

from s2r_ci.errors import MalformedReplyError
from s2r_ci.patterns import lazy

LARGEST: Final = 2**63 - 1

_BINARY: Final = {f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL: Final = {
    suffix: Fraction(10) ** power
    for suffix, power in {
        "n": -9,
        "u": -6,
        "m": -3,
        "": 0,
        "k": 3,
        "M": 6,
        "G": 9,
        "T": 12,
        "P": 15,
        "E": 18,
    }.items()
}
_FACTORS: Final = _BINARY | _DECIMAL
_NANO: Final = 10**9
_QUANTITY: Final = lazy(
    r"(?P<sign>[+-]?)(?P<digits>[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64})"
    r"(?:[eE](?P<exponent>[+-]?[0-9]{1,3})|(?P<suffix>[KMGTPE]i|[numkMGTPE]?))",
    re.ASCII,
)


def quantity(text: str | float) -> Fraction:
    """The exact value of ``1500m``, ``32Gi``, ``1e3``, or of a plain number as JSON has it.

    :raises MalformedReplyError: it is no quantity, or larger than an API server holds.
    """
    found = None if isinstance(text, bool) else _QUANTITY.fullmatch(str(text))
    if found is None:
        raise _refused(text, "is not a Kubernetes quantity")
    value = _exact(found["digits"], found["exponent"] or "", found["suffix"] or "")
    if value > LARGEST:
        raise _refused(text, "is larger than Kubernetes can hold")
    return -value if found["sign"] == "-" else value


@lru_cache(maxsize=512)
def _exact(digits: str, exponent: str, suffix: str) -> Fraction:
    """The number without its sign, in whole billionths. A manifest says each amount several times."""
    value = Fraction(digits.rstrip(".")) * (Fraction(10) ** int(exponent) if exponent else _FACTORS[suffix])
    if value > LARGEST:
        return value  # is refused: the more digits it has, the less they are worth counting
    return Fraction(-(-value.numerator * _NANO // value.denominator), _NANO)


def cpu_text(cpus: int | Fraction) -> str:
    """CPUs as a manifest spells them: ``8``, and ``1500m`` for one and a half."""
    millis = _ceiling(Fraction(cpus) * 1000)
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def cpu_millis(text: str | float) -> int:
    """Thousandths of a CPU, rounded up: 1500 for ``1.5``.

    :raises MalformedReplyError: it is no quantity.
    """
    return _ceiling(quantity(text) * 1000)


def memory_text(mib: int) -> str:
    """Memory given in MiB in the largest binary unit that holds it exactly: ``32Gi`` for 32768."""
    amount = mib
    for unit in ("Mi", "Gi"):
        if amount == 0 or amount % 1024:
            return f"{amount}{unit}" if amount else "0"
        amount //= 1024
    return f"{amount}Ti"


def memory_bytes(text: str | float) -> int:
    """Octets, rounded up: 1000000000 for ``1G``, 1073741824 for ``1Gi``.

    :raises MalformedReplyError: it is no quantity.
    """
    return _ceiling(quantity(text))


def _ceiling(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _refused(text: object, why: str) -> MalformedReplyError:
    shown = str(text)
    return MalformedReplyError(
        f"{shown[:40]!r}{'...' if len(shown) > 40 else ''} {why}",
        hint="write a number with a suffix such as m, Ki, Mi, Gi: 500m, 32Gi",
    )
