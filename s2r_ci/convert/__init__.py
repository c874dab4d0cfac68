"""Converters: one contract, several ways to keep it.

A converter takes a request and gives a manifest with the ledger of what became of every item. It raises
ConversionError and its kind, or ConfigurationError where the request asks for what it cannot do; it does not print,
write files or read the environment.
"""

from importlib import import_module
from typing import Any, Final, Protocol, cast

from s2r_ci.errors import ConfigurationError
from s2r_ci.model import ConversionRequest, ConversionResult


class Converter(Protocol):
    """Turns one job into one manifest."""

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """Give the manifest, its ledger and the questions that are open.

        Raises ConversionError for a job that no single manifest can be, ConfigurationError for an unknown target.
        """
        ...


CONVERTERS: Final = {
    "rules": "s2r_ci.convert.rules:RulesConverter",
    "service": "s2r_ci.convert.service:ServiceConverter",
}


def load_converter(name: str, *parts: Any) -> Converter:
    """The converter of that name, made from the parts that it needs of the outside.

    Raises ConfigurationError for one that is not in the table.
    """
    if name not in CONVERTERS:
        raise ConfigurationError(
            f"there is no converter {name!r}", where="converter", hint=f"one of: {', '.join(sorted(CONVERTERS))}"
        )
    module, _, attribute = CONVERTERS[name].partition(":")
    return cast("Converter", getattr(import_module(module), attribute)(*parts))
