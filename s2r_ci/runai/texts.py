"""The text of a manifest by target: YAML as Kubernetes reads it, or a shell script."""

from collections.abc import Mapping
from typing import Any

from s2r_ci.model import Manifest
from s2r_ci.runai.targets import CLI


def write_text(body: Any, target: str, comments: Mapping[tuple[str | int, ...], str]) -> str:
    """The text below the header; ``comments`` by the steps of the node they speak about."""
    if target == CLI:
        from s2r_ci.runai.cli_text import write_cli

        return write_cli(body, comments)
    from s2r_ci.runai.yaml import write_yaml

    return write_yaml(body, comments=comments)


def read_text(data: bytes, target: str, *, where: str = "") -> Manifest:
    """The manifest in a text. Raises MalformedReplyError for one that is not of the target's form."""
    if target == CLI:
        from s2r_ci.runai.cli_text import read_cli

        return read_cli(data, where=where)
    from s2r_ci.runai.yaml import read_yaml

    return read_yaml(data, where=where)
