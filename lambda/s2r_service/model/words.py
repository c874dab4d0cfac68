"""What a conversion and a model say to each other. Nothing here knows Amazon Bedrock."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple, Protocol

from s2r_ci.errors import S2rError

PROBLEMS: Final[Mapping[str, int]] = {
    "content-blocked": 422,
    "model-output-invalid": 502,
    "model-throttled": 503,
    "model-unavailable": 503,
    "model-timeout": 504,
}
"""Types of problem that a model call can end with, and their HTTP status."""


class Usage(NamedTuple):
    """What a conversion used: tokens as the model counts them, and the number of calls that reached the model."""

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    cached_tokens: int = 0  # of the input, read from the prompt cache
    written_tokens: int = 0  # of the input, written to the prompt cache
    seconds: float = 0.0  # that were spent waiting for the model

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.calls + other.calls,
            self.cached_tokens + other.cached_tokens,
            self.written_tokens + other.written_tokens,
            self.seconds + other.seconds,
        )


NO_USAGE: Final = Usage()


class Prompt(NamedTuple):
    """One question to a model: a part that is the same in every request (cached), one that is not, and the tool.

    ``guarded`` is the part of the message that a guardrail looks at: the script.
    """

    system: str
    text: str
    guarded: str
    tool: Mapping[str, Any]  # name, description, schema
    version: str


class Reply(NamedTuple):
    """What the model put into the tool; nobody has looked at it yet."""

    tool_input: Any
    usage: Usage
    request_id: str = ""
    model_id: str = ""


class Model(Protocol):
    """Asks a language model one question."""

    def decide(self, prompt: Prompt, *, model_id: str, timeout_s: float, attempts: int = 2) -> Reply:
        """The model's answer, within ``timeout_s`` seconds and so many calls. Raises ModelError and nothing else."""
        ...


class ModelError(S2rError):
    """The model gave nothing that can be used; ``problem`` is one of PROBLEMS, ``usage`` what it cost all the same.

    ``detail`` is a word for the operator's log: it never reaches a caller.
    """

    exit_code: ClassVar[int] = 3
    retryable: ClassVar[bool] = True

    def __init__(self, problem: str, *, usage: Usage = NO_USAGE, detail: str = "") -> None:
        super().__init__(f"the model gave no answer that can be used ({problem})")
        self.problem = problem
        self.usage = usage
        self.detail = detail

    @property
    def http_status(self) -> int:
        """The status of the answer."""
        return PROBLEMS[self.problem]
