"""What conversions may cost: an estimate before they are asked for, and a count of what they used.

The service's own prices count where it tells them (``/v1/models``); the table is for one that does not. All are list
prices in US dollars for a million tokens, on demand, as published in November 2026; a contract may say otherwise.
"""

from typing import Final, NamedTuple

PRICES: Final[dict[str, tuple[float, float]]] = {  # word in the alias or id -> input, output
    "sonnet": (3.0, 15.0),
    "haiku": (1.0, 5.0),
    "opus": (5.0, 25.0),
    "nova-micro": (0.035, 0.14),
    "nova-lite": (0.06, 0.24),
    "nova-pro": (0.8, 3.2),
}
DEAREST: Final = (5.0, 25.0)  # for a model that nobody here knows
_PROMPT_TOKENS: Final = 2_500  # what the service says to the model besides the script
_OUTPUT_TOKENS: Final = 400  # a decision; the service's cap is 1,024
_OCTETS_A_TOKEN: Final = 3


class Estimate(NamedTuple):
    """Tokens and money."""

    tokens: int = 0
    dollars: float = 0.0

    def plus(self, other: "Estimate") -> "Estimate":
        """Both together."""
        return Estimate(self.tokens + other.tokens, self.dollars + other.dollars)


class Price(NamedTuple):
    """US dollars for a million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """The price of so many tokens.

        >>> Price(3.0, 15.0).of(1_000_000, 100_000)
        4.5
        """
        return (self.input * input_tokens + self.output * output_tokens) / 1_000_000

    def estimate(self, octets: int) -> Estimate:
        """What one script of so many octets may use: one call, without a cache."""
        sent = _PROMPT_TOKENS + octets // _OCTETS_A_TOKEN
        return Estimate(sent + _OUTPUT_TOKENS, self.of(sent, _OUTPUT_TOKENS))


def price_of(alias: str) -> Price:
    """The list price of a model by its alias or id; without one, of the service's usual default."""
    name = alias or "sonnet"
    return Price(*next((price for word, price in PRICES.items() if word in name), DEAREST))
