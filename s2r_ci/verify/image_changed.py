"""image-changed: the image is one that the script, the settings or the site map name (P-20)."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest, ItemKind
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import PLACEHOLDER_IMAGE
from s2r_ci.verify.facts import Facts

_SCHEME: Final = lazy(r"^(?:docker|dockerd|oras|podman|enroot)://", re.IGNORECASE)
_DEFAULT: Final = "docker.io"
_REFERENCE: Final = lazy(r"[\w][\w.:@/#-]*")
_FILES: Final = (".sif", ".sqsh", ".simg", ".img")


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Compared after the usual defaults: ``ubuntu`` is ``docker.io/library/ubuntu:latest``."""
    known: set[str] | None = None
    for role in facts.roles:
        for container in role.containers:
            if container.node.get("imagePullPolicy") == "Never":
                message = "an image that is never pulled is whatever lies under its name on the node"
                yield Breach(message=message, subject="image", steps=(*container.steps, "imagePullPolicy"))
            if container.image and container.image == request.target.image:
                continue
            known = _all(request) if known is None else known
            if not container.image or normal(container.image) not in known:
                said = repr(container.image[:120]) if container.image else "none"
                message = f"the image {said} is named by neither script, settings nor site map"
                yield Breach(message=message, subject="image", steps=(*container.steps, "image"))


def _all(request: ConversionRequest) -> set[str]:
    """Every image that may stand there, in its normal form; the placeholder only while nobody has said one."""
    known = set(_known(request))
    named = any(_pulled(image) for image in known - set(request.target.image_allow))
    return {normal(image) for image in known} | (set() if named else {normal(PLACEHOLDER_IMAGE)})


def normal(image: str) -> str:
    """One spelling for one image; a digest or tag is kept.

    >>> normal("docker://ubuntu"), normal("nvcr.io#nvidia/pytorch:24.05-py3")
    ('docker.io/library/ubuntu:latest', 'nvcr.io/nvidia/pytorch:24.05-py3')
    """
    text = _SCHEME.sub("", image.strip().strip("\"'")).lstrip("/").replace("#", "/", 1)
    first, slash, rest = text.partition("/")
    if not slash:
        text = f"{_DEFAULT}/library/{text}"
    elif not ("." in first or ":" in first or first == "localhost"):
        text = f"{_DEFAULT}/{text}"
    elif first == _DEFAULT and "/" not in rest:
        text = f"{_DEFAULT}/library/{rest}"
    last = text.rpartition("/")[2]
    return text if ":" in last or "@" in last else f"{text}:latest"


def _known(request: ConversionRequest) -> Iterator[str]:
    target = request.target
    yield from (image for image in (target.image, *target.image_allow) if image)
    if target.default_image and not any(_pulled(image) for image in _own(request)):
        yield target.default_image
    yield from _of_modules(request)
    yield from _own(request)


def _of_modules(request: ConversionRequest) -> Iterator[str]:
    """The images that the site map has for the modules that the script loads."""
    loaded = [item.value.split() for item in request.job.inventory if item.kind is ItemKind.MODULE]
    names = {name for words in loaded for word in words for name in (word, word.partition("/")[0])}
    return (image for module, image in request.target.site.modules.items() if module in names)


def named_by_script(request: ConversionRequest) -> Iterator[str]:
    """The images that script and site map name, and that a registry could give."""
    yield from (image for image in _own(request) if _pulled(image))
    yield from _of_modules(request)


def _own(request: ConversionRequest) -> Iterator[str]:
    """The images that the script itself names."""
    yield from (item.value for item in request.job.inventory if item.kind is ItemKind.CONTAINER and item.value)
    if image := request.job.options.get("container-image"):
        yield image


def _pulled(image: str) -> bool:
    """A registry could give it: neither a file nor a variable."""
    plain = _SCHEME.sub("", image.strip("\"'"))
    return bool(_REFERENCE.fullmatch(plain)) and not plain.endswith(_FILES)
