"""image-tag-loose: an image without a fixed tag is another image tomorrow (P-22)."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """A digest, or a tag that is not ``latest``; said once for each image."""
    seen: set[str] = set()
    for role in facts.roles:
        for container in role.containers:
            name = container.image
            last = name.rpartition("/")[2]
            if not name or name in seen or "@" in last:
                continue
            seen.add(name)
            if last.partition(":")[2] in ("", "latest"):
                message = f"the image {name[:120]!r} has no fixed tag"
                yield Breach(message=message, subject="image", steps=(*container.steps, "image"))
