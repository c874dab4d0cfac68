"""``python -m s2r_service.model.lifecycle``: until when Amazon Bedrock keeps the models of the catalogue.

Asks the control plane (``bedrock:GetFoundationModel``), which needs an account. To be run daily, beside the warm-up: a
model that ends takes its alias along, and a replacement has to pass the conversion tests before it is the default.
"""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from s2r_service.model.catalogue import Catalogue, shipped

WARNED: Final = timedelta(days=90)
_PLACE: Final = re.compile(r"^(?:us|us-gov|eu|jp|au|apac|global)\.")


class State(NamedTuple):
    """What the provider says of one model; ``ends`` is None where no end is set."""

    alias: str
    model_id: str
    status: str  # ACTIVE, LEGACY, or unknown
    ends: datetime | None = None

    def warning(self, now: datetime) -> str:
        """What an operator should hear; empty for nothing."""
        if self.ends is not None and self.ends - now <= WARNED:
            days = max(0, (self.ends - now).days)
            return f"{self.alias} ({self.model_id}) ends on {self.ends:%Y-%m-%d}, in {days} days: choose another"
        if self.status == "unknown":
            return f"{self.alias} ({self.model_id}) is not known to the provider, or may not be looked up"
        if self.status != "ACTIVE":
            return f"{self.alias} ({self.model_id}) is {self.status.lower()}: choose another before it ends"
        return ""


def states(client: Any, catalogue: Catalogue) -> Iterator[State]:
    """The state of each model of the catalogue. ``client`` is boto3's for ``bedrock``."""
    for offer in catalogue.offers.values():
        yield _state(client, offer.alias, offer.model_id)


def _state(client: Any, alias: str, model_id: str) -> State:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = client.get_foundation_model(modelIdentifier=_PLACE.sub("", model_id))
    except (BotoCoreError, ClientError):
        return State(alias, model_id, "unknown")
    told = found.get("modelDetails", {}).get("modelLifecycle", {})
    return State(alias, model_id, str(told.get("status", "unknown")), told.get("endOfLifeTime"))


def report(client: Any, catalogue: Catalogue, now: datetime, write: Callable[[str], object]) -> int:
    """A line a model; 1 where an operator has to do something."""
    warned = 0
    for state in states(client, catalogue):
        warning = state.warning(now)
        warned += bool(warning)
        write(f"warning: {warning}\n" if warning else f"{state.alias}: {state.status.lower()}\n")
    return int(warned > 0)


def main() -> int:
    """Report on the shipped catalogue with the account of the environment."""
    import boto3

    return report(boto3.client("bedrock"), shipped(), datetime.now(UTC), sys.stdout.write)


if __name__ == "__main__":
    sys.exit(main())
