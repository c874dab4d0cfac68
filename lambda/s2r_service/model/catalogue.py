"""The models that a deployment offers, by alias. Which exist is data: ``catalogue.json``."""

from collections.abc import Mapping
from typing import NamedTuple


class Offer(NamedTuple):
    """One model under its alias. Prices are US dollars for a million tokens, for estimates and metrics only."""

    alias: str
    model_id: str
    name: str = ""
    lifecycle: str = "active"  # or legacy, with the date in ``ends``
    ends: str = ""  # YYYY-MM-DD
    input_price: float = 0.0
    output_price: float = 0.0


class Catalogue(NamedTuple):
    """The allow-list of a deployment: offers by alias, the default, and what is tried when one is gone."""

    offers: Mapping[str, Offer]
    default: str
    fallback: tuple[str, ...] = ()

    def offer(self, alias: str | None) -> Offer:
        """The offer of an alias, or the default one. Raises KeyError for an alias that is not on the list."""
        return self.offers[alias or self.default]
