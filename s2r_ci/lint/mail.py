"""Mail that is not sent, or to nobody; values that were copied from a manual."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Finding
from s2r_ci.patterns import lazy

_VALUES: Final = ("mail-user", "account", "partition", "qos", "chdir", "output", "error", "reservation")
_EXAMPLE: Final = lazy(
    r"<[^<>]+>|\[[a-z][a-z _-]+\]|changeme|(?<![a-z])(?:your|my)[-_. ]?(?:own[-_. ])?"
    r"(?:e?-?mail(?:[-_. ]?address)?|account|project|allocation|net-?id|user-?(?:name|id)?|name|group|partition|login"
    r"|uni|institution)"
    r"(?![a-z])|(?<![a-z])(?:user-?name|netid|your)@|@(?:your|my)[-_.]?\w+\.|^x{3,}$|@(?:example\.(?:com|org|edu))$"
    r"|^some(?:one|body)@|^(?:first(?:[-_.]?name)?[-_.]last(?:[-_.]?name)?|uniqname|user[-_.]?e-?mail|e-?mail[-_.]?address)@"
    r"|@(?:domain|address|email|mail|e-mail|provider)\.(?:com|org|edu|net)$|^(?-i:[A-Z]+@)?(?-i:PARTITION|ACCOUNT|PROJECT|GROUP|QOS|QUEUE|EMAIL)(?:_?NAME)?$",
    re.IGNORECASE,
)


def mail_without_type(case: Case) -> Iterator[Finding]:
    """--mail-user without --mail-type, or with NONE."""
    user, kind = case.directives.get("mail-user"), case.directives.get("mail-type")
    if user and user.value.strip() and (kind is None or kind.value.upper() == "NONE"):
        message = f"no mail is sent to {user.value}: --mail-type says nothing of when"
        yield found(rules.MAIL_WITHOUT_TYPE, message, user.location, "mail-user")


def mail_without_user(case: Case) -> Iterator[Finding]:
    """--mail-type without --mail-user, or with an empty one."""
    kind = case.directives.get("mail-type")
    user = case.directives.get("mail-user")
    if kind and kind.value.upper() != "NONE" and (user is None or not user.value.strip()):
        without = "without --mail-user" if user is None else "with an empty --mail-user"
        message = f"{without} the mail goes to the login name on the cluster"
        yield found(rules.MAIL_WITHOUT_USER, message, kind.location, "mail-type")


def placeholder_value(case: Case) -> Iterator[Finding]:
    """``your_email@example.com``, ``<project>``."""
    for name in _VALUES:
        said = case.directives.get(name)
        if said and "$" not in said.value and _EXAMPLE.search(said.value):
            message = f"--{name}={said.value} looks like the example of a manual"
            yield found(rules.PLACEHOLDER_VALUE, message, said.location, name)
