"""What this run may still send: a number of scripts, an amount of money. Both are the user's own limits."""

from s2r_ci.errors import QuotaExceededError
from s2r_ci.remote.answers import Usage
from s2r_ci.remote.prices import Estimate, Price


class Allowance:
    """Counts what is sent and what it cost. Used by many threads, whose turns keep them apart.

    ``most_scripts`` 0 and ``most_dollars`` None mean no limit. What is on its way counts as its estimate.
    """

    def __init__(self, price: Price, *, most_scripts: int = 0, most_dollars: float | None = None) -> None:
        self.price = price
        self.sent = 0
        self.spent = Estimate()
        self._most_scripts = most_scripts
        self._most_dollars = most_dollars
        self._on_its_way = 0.0

    def take(self, octets: int) -> Estimate:
        """Take leave to send a script. Raises QuotaExceededError where a limit of the run is reached."""
        if self._most_scripts and self.sent >= self._most_scripts:
            raise self._over(
                f"this run may send {self._most_scripts:,} script{'s' * (self._most_scripts != 1)}", "max-requests"
            )
        estimate = self.price.estimate(octets)
        if self._most_dollars is not None:
            planned = self.spent.dollars + self._on_its_way + estimate.dollars
            if planned > self._most_dollars:
                raise self._over(f"this run may cost ${self._most_dollars:.2f}", "max-cost")
        self.sent += 1
        self._on_its_way += estimate.dollars
        return estimate

    def settle(self, estimate: Estimate, usage: Usage | None, *, charged: bool) -> None:
        """Put what was used in the place of the estimate; a stored answer, or none, costs nothing.

        ``usage`` None: the service does not tell what it used, and the estimate stands.
        """
        self._on_its_way = max(0.0, self._on_its_way - estimate.dollars)
        if charged and usage is None:
            self.spent = self.spent.plus(estimate)
        elif charged and usage is not None:
            dollars = self.price.of(usage.input_tokens, usage.output_tokens)
            self.spent = self.spent.plus(Estimate(usage.tokens, dollars))

    @staticmethod
    def _over(what: str, setting: str) -> QuotaExceededError:
        error = QuotaExceededError(what, where=setting, hint=f"raise --{setting}, or run again for the rest")
        error.problem = setting
        return error
