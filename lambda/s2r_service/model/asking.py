"""Asking a model within a budget of time and calls: which model, how long, how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_service.model.words import Model, ModelError, Prompt, Reply, Usage

if TYPE_CHECKING:
    from s2r_service.model.catalogue import Catalogue

MOST_CALLS: Final = 2
"""Calls that one conversion may make, whatever goes wrong."""

LONGEST_CALL_S: Final = 45.0
RESERVED_S: Final = 4.0
"""What is kept for judging, settling and answering."""

SECOND_CALL_S: Final = 25.0
"""A second call, for whatever reason, is begun only when so much time is left."""


_OCTETS_A_TOKEN: Final = 3
"""Fewer than the four or so of English text: scripts are dense, and a reservation must not fall short."""


def most_tokens(prompt: Prompt, most_output: int) -> int:
    """What a conversion can cost at worst, in tokens: two calls, each with the prompt and as much output as may be."""
    octets = sum(len(text.encode()) for text in (prompt.system, prompt.text, prompt.guarded, str(prompt.tool)))
    return MOST_CALLS * (octets // _OCTETS_A_TOKEN + most_output)


class Budget(NamedTuple):
    """The time that is left: ``deadline`` in seconds of ``clock``."""

    deadline: float
    clock: Callable[[], float]

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; below zero when it has passed."""
        return self.deadline - self.clock()


class Asking:
    """The calls of one conversion, counted. ``usage`` is what they cost so far, those that failed too."""

    def __init__(self, model: Model, budget: Budget, catalogue: Catalogue, alias: str | None) -> None:
        self._model = model
        self._budget = budget
        self._ids = catalogue.ids(alias)
        self.usage = Usage()
        self.repairs = 0

    @property
    def may_repair(self) -> bool:
        """Whether there is a call left, and time for it."""
        return self.usage.calls < MOST_CALLS and self._budget.remaining_s >= SECOND_CALL_S

    def ask(self, prompt: Prompt) -> Reply:
        """The reply of the first model of the list that can be had. Raises ModelError with all that was used."""
        self.repairs += self.usage.calls > 0
        ids = list(self._ids)
        while True:
            model_id = ids.pop(0)
            try:
                reply = self._once(prompt, model_id)
            except ModelError as error:
                self.usage = self.usage.plus(error.usage)
                if error.problem == "model-unavailable" and ids and self._may_turn():
                    continue
                raise ModelError(error.problem, usage=self.usage, detail=error.detail) from None
            self.usage = self.usage.plus(reply.usage)
            self._ids = (model_id,)  # a repair goes to the model that has answered
            return reply._replace(model_id=model_id)

    def _may_turn(self) -> bool:
        """To the next model of the list; one that was not even called (its breaker is open) costs nothing."""
        if self.usage.calls == 0:
            return True
        return self.may_repair

    def _once(self, prompt: Prompt, model_id: str) -> Reply:
        seconds = min(LONGEST_CALL_S, self._budget.remaining_s - RESERVED_S)
        if seconds <= 0:
            raise ModelError("model-timeout", detail="no time left")
        left = MOST_CALLS - self.usage.calls
        begun = self._budget.clock()
        try:
            return self._model.decide(prompt, model_id=model_id, timeout_s=seconds, attempts=left)
        finally:
            self.usage = self.usage._replace(seconds=self.usage.seconds + self._budget.clock() - begun)
