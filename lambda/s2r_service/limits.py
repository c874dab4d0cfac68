"""What a conversion counts against, and how much of it is left today."""

from collections.abc import Sequence
from typing import Final

from s2r_ci.model import Script
from s2r_service import charging
from s2r_service.authentication import Signed
from s2r_service.charging import Count
from s2r_service.model.asking import MOST_CALLS
from s2r_service.model.bedrock import MAX_TOKENS
from s2r_service.parts import Parts

_PROMPT_TOKENS: Final = 8_000  # of the part of the prompt that is not the script


def counts_of(found: Signed, repo: str, address: str, tokens: int, parts: Parts) -> Sequence[Count]:
    """The counters of a conversion, in the order in which they are charged. The first is the one that callers see."""
    settings, key = parts.settings, found.key
    by_key = Count(f"q#key#{key.subject}", settings.daily_limit if key.limit is None else key.limit)
    by_repo = Count(f"q#repo#{repo}", settings.repository_limit)
    match settings.limit_subject:
        case "ip":
            counts = [Count(f"ip#{address or 'unknown'}", settings.daily_limit)]
        case "repository" if repo:
            counts = [by_repo, by_key]
        case _:
            counts = [by_key, *([by_repo] if repo else [])]
    return [*counts, *([Count("tok", settings.token_budget, tokens, "budget-exhausted")] if tokens else [])]


def used(count: Count, now_ms: int, parts: Parts) -> int:
    """How much of a count is used up today; all of it where the store holds something else than a number."""
    item = parts.store.get(f"{count.name}#{charging.day_of(now_ms)}") or {}
    number = item.get("n", 0)
    return number if isinstance(number, int) else count.limit


def headers(limit: int, left: int, now_ms: int) -> tuple[tuple[str, str], ...]:
    """The RateLimit fields of the working group's draft."""
    return (
        ("RateLimit-Policy", f'"day";q={limit};w={charging.DAY_S}'),
        ("RateLimit", f'"day";r={max(0, left)};t={charging.seconds_left(now_ms)}'),
    )


def worst_case(script: Script, parts: Parts) -> int:
    """Tokens that a conversion may use at most: what is reserved from the day's budget before the model is asked.

    Two calls; three octets of a script are at least one token.
    """
    if parts.model is None:
        return 0
    return MOST_CALLS * (_PROMPT_TOKENS + len(script.data) + MAX_TOKENS)
