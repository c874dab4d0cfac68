"""Names of scripts beside which no manifest can lie on every system."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.discover.reader import encoded
from s2r_ci.model import Finding, Location
from s2r_ci.patterns import lazy

LONGEST: Final = 240  # octets; with the ending of a manifest and of a temporary file it has to stay below 256
FORBIDDEN: Final = r'[\x00-\x1f\x7f<>:"|?*\\]'
RESERVED: Final = r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)"
ORDINARY: Final = lazy(  # nearly every path; the rest is looked at part by part
    r"(?:(?!(?i:con|prn|aux|nul|com.|lpt.)(?:[./]|\Z))[A-Za-z0-9_.+=@,~-]{0,100}[A-Za-z0-9_+=@,~-](?:/|\Z))+"
)


def name_findings(paths: Iterable[str]) -> Iterator[Finding]:
    """Findings for names that some systems cannot hold, and for names that differ in case or accents' form alone."""
    seen: dict[str, str] = {}
    for path in paths:
        if not ORDINARY.fullmatch(path) and (fault := name_fault(path)):
            yield Finding(rule=rules.NAME_UNUSABLE, message=fault, location=Location(path=path), subject="name")
        other = seen.setdefault(_folded(path), path)
        if other != path:
            yield Finding(
                rule=rules.NAMES_COLLIDE,
                message=f"the manifest would lie where that of {printable(other)} lies, on a system that ignores case",
                location=Location(path=path),
                subject=other,
            )


def name_fault(path: str) -> str:
    """What is wrong with the name of a file or of a folder above it, or ""."""
    for part in path.split("/"):
        if found := re.search(FORBIDDEN, part):
            return f"the name holds {printable(found[0])!r}, which not every system can store"
        if re.match(RESERVED, part, re.IGNORECASE):
            return f"{part.split('.')[0]} is the name of a device on Windows"
        if part.endswith((".", " ")):
            return "the name ends with a dot or a blank, which Windows drops"
        if len(encoded(part)) > LONGEST:
            return f"the name has {len(encoded(part))} octets; with the manifest's ending at most {LONGEST} fit"
        if not part.isascii() and any("\ud800" <= letter <= "\udfff" for letter in part):
            return "the name is not UTF-8, which not every system can store"
    return ""


def printable(text: str) -> str:
    """The text with everything unprintable escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
