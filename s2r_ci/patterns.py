"""Regular expressions that are compiled when they are first asked.

Reading one plain script needs two of three of the patterns that all scripts together need; compiling the third would
take 10 ms of every start.
"""

import re
from typing import Any, AnyStr, cast


class Later:
    """Stands for the compiled pattern, and becomes as fast as one with its first use."""

    def __init__(self, text: Any, flags: int) -> None:
        self._asked = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(re.compile(*self._asked), name)
        setattr(self, name, found)
        return found


def lazy(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """``re.compile``, later. A wrong expression is found when it is used, so a test uses every one.

    >>> lazy("a+b").fullmatch("aab") is not None
    True
    """
    return cast("re.Pattern[AnyStr]", Later(text, flags))
