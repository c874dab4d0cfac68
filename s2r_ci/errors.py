"""Everything that can stop a run, or the walk of one script.

::

    S2rError                             exit 70   a bug, unless it is one of these
    ├── ConfigurationError                    2    settings or arguments are wrong
    ├── IncompleteError                       3    disk, lock or store kept a script from being checked
    ├── ConversionError                       3    one script could not be converted
    │   ├── ConverterUnavailableError         3    try again
    │   ├── ConversionRefusedError            3
    │   │   ├── SignatureError                3
    │   │   └── QuotaExceededError            6    the rest is left for the next run
    │   └── MalformedReplyError               3    what came back is no manifest
    └── PublishError                          5    report or pull request could not be published

Trouble in a script is a Finding, never one of these. A ConversionError ends the walk of its script; the others
end the run. ``cli.main`` is the only place that catches them all.
"""

from typing import ClassVar


class S2rError(Exception):
    """What went wrong, where, and how to put it right; ``code`` is the word that crosses the wire."""

    exit_code: ClassVar[int] = 70
    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class ConfigurationError(S2rError):
    """Settings or arguments are wrong, or ask for what the chosen release lacks."""

    exit_code = 2
    status = 422
    code = "configuration"


class IncompleteError(S2rError):
    """A disk, a lock or a store kept something from being checked or written."""

    exit_code = 3
    status = 503
    code = "incomplete"
    retryable = True


class ConversionError(S2rError):
    """One script could not be converted; ``problem`` is the service's word for it, where a service said it."""

    problem: str = ""
    exit_code = 3
    status = 502
    code = "conversion-failed"


class ConverterUnavailableError(ConversionError):
    """The converter cannot be reached now."""

    status = 503
    code = "converter-unavailable"
    retryable = True


class ConversionRefusedError(ConversionError):
    """The converter will not do it."""

    status = 403
    code = "conversion-refused"


class SignatureError(ConversionRefusedError):
    """The signature is wrong, too old, or was seen before."""

    status = 401
    code = "invalid-signature"


class QuotaExceededError(ConversionRefusedError):
    """The day's quota is used up."""

    exit_code = 6
    status = 429
    code = "quota-exceeded"
    retryable = True


class MalformedReplyError(ConversionError):
    """What came back, or what lies on disk, is not a manifest that can be read."""

    code = "malformed-manifest"


class PublishError(S2rError):
    """A report, a file or a pull request could not be published."""

    exit_code = 5
    code = "publish"
