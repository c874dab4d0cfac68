"""The models that a deployment offers, by alias. Which exist is data: ``catalogue.json``.

An id has to name an inference profile. Amazon Bedrock refuses the bare ids of current models on demand, and a prefix
says in which geography a request may be worked on (``global.`` may go to any commercial Region, so it is opt-in).
Prices are those of geographic profiles in US dollars for a million tokens; they serve estimates and metrics.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_service.model.words import Usage

FILE: Final = Path(__file__).with_name("catalogue.json")
_PROFILE: Final = re.compile(
    r"(?:(?P<place>us|us-gov|eu|jp|au|apac|global)\.[a-z0-9-]+\.[a-z0-9.:-]+"
    r"|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]{12}:(?:application-)?inference-profile/[A-Za-z0-9.:_-]+)"
)
_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")


CACHE_READ: Final = 0.1
CACHE_WRITE: Final = 1.25
"""What a token of the prompt cache costs, in tokens of input: as the makers of the Claude models publish it."""


class Offer(NamedTuple):
    """One model under its alias."""

    alias: str
    model_id: str
    name: str = ""
    lifecycle: str = "active"  # or legacy, with the date in ``ends``
    ends: str = ""  # YYYY-MM-DD, after which the provider does not promise it
    input_price: float = 0.0
    output_price: float = 0.0
    strict: bool = True  # the provider holds the tool's input to the schema
    caching: bool = True  # of the part of the prompt that is the same in every request


class Catalogue(NamedTuple):
    """The allow-list of a deployment: offers by alias, the default, and what is tried when one is gone."""

    offers: Mapping[str, Offer]
    default: str
    fallback: tuple[str, ...] = ()

    def offer(self, alias: str | None = None) -> Offer:
        """The offer of an alias, or the default one. Raises KeyError for an alias that is not on the list."""
        return self.offers[alias or self.default]

    def ids(self, alias: str | None = None) -> tuple[str, ...]:
        """The ids to try for an alias, in order: its own, then those of the deployment's fallback list."""
        first = self.offer(alias).model_id
        return tuple(dict.fromkeys((first, *(self.offers[each].model_id for each in self.fallback))))

    def of_id(self, model_id: str) -> Offer | None:
        """The offer with this id."""
        return next((offer for offer in self.offers.values() if offer.model_id == model_id), None)

    def cost(self, model_id: str, usage: Usage) -> float:
        """An estimate in US dollars; nothing for a model without prices."""
        offer = self.of_id(model_id)
        if offer is None:
            return 0.0
        fresh = usage.input_tokens - usage.cached_tokens - usage.written_tokens
        read = fresh + CACHE_READ * usage.cached_tokens + CACHE_WRITE * usage.written_tokens
        return (read * offer.input_price + usage.output_tokens * offer.output_price) / 1e6


def shipped() -> Catalogue:
    """The catalogue as it comes with the service."""
    return read_catalogue(json.loads(FILE.read_text(encoding="utf-8")))


def read_catalogue(
    data: Mapping[str, Any],
    *,
    default: str = "",
    default_id: str = "",
    allowed: Sequence[str] = (),
    fallback: Sequence[str] | None = None,
    allow_global: bool = False,
) -> Catalogue:
    """A deployment's catalogue.

    ``default`` is its default alias; ``default_id`` replaces that alias' id (BEDROCK_MODEL_ID of the first s2r);
    ``allowed`` cuts the list down; ``fallback`` names aliases, or inference profiles, to try when a model is gone.
    Raises ConfigurationError for an id that cannot work, and for an alias that is not there.
    """
    default = default or str(data["default"])
    offers = {each["alias"]: _offer(each) for each in data["models"]}
    if default_id:
        if default not in offers:
            offers[default] = Offer(default, default_id)
        offers[default] = offers[default]._replace(model_id=default_id)
    if allowed:
        offers = {alias: _known(alias, offers) for alias in allowed}
    spare = tuple(data.get("fallback", ()) if fallback is None else fallback)
    for name in spare:
        if name not in offers and _PROFILE.fullmatch(name):
            offers[name] = Offer(name, name)  # a profile of the deployment's own geography
    for alias in (default, *spare):
        _known(alias, offers)
    for offer in offers.values():
        check_id(offer.model_id, allow_global=allow_global)
    return Catalogue(offers, default, spare)


def check_id(model_id: str, *, allow_global: bool = False) -> None:
    """Raises ConfigurationError for an id that Amazon Bedrock would refuse, or that may leave the geography."""
    found = _PROFILE.fullmatch(model_id)
    if found is None:
        raise ConfigurationError(
            f"{model_id[:120]!r} is no inference profile, and Amazon Bedrock refuses bare model ids on demand",
            where="model",
            hint="put the geography in front: us.anthropic.claude-sonnet-4-5-20250929-v1:0, or give a profile's ARN",
        )
    if found["place"] == "global" and not allow_global:
        raise ConfigurationError(
            f"{model_id!r} may be worked on in any commercial Region",
            where="model",
            hint="choose a profile of your geography, or allow global profiles in the deployment's settings",
        )


def _known(alias: str, offers: Mapping[str, Offer]) -> Offer:
    if alias not in offers:
        raise ConfigurationError(
            f"no model is called {alias[:40]!r}", where="model", hint=f"one of: {', '.join(sorted(offers))}"
        )
    return offers[alias]


def _offer(data: Mapping[str, Any]) -> Offer:
    alias = str(data["alias"])
    if not _ALIAS.fullmatch(alias):
        raise ConfigurationError(f"{alias[:40]!r} is no alias", where="model", hint="lower case, digits, '-', '.'")
    fields = {name: value for name, value in data.items() if name in Offer._fields}
    return Offer(**{**fields, "alias": alias, "model_id": str(data["id"])})
