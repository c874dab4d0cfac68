"""Files that the script runs or sources: what the ledger and a question say of them."""

from typing import Final

from s2r_ci.model import Inner, Item
from s2r_ci.runai.distribution import Plan

KEY: Final = "called-script"


def at(item: Item, made: Plan) -> Inner | None:
    """The file that an item of the inventory calls, as it was read; None where none was."""
    here = (inner for inner in made.job.called if inner.location.line == item.location.line)
    return next((inner for inner in here if item.name == inner.name or item.value.endswith(inner.name)), None)


def needs(inner: Inner) -> str:
    """What to ask about a file whose commands the manifest gives no meaning."""
    return (
        f"the script calls {inner.path}, which uses {', '.join(inner.needs)}: the manifest gives that a meaning in the "
        "batch script alone; can it stand there, or does the file work without?"
    )


def remark(inner: Inner) -> str:
    """What else there is to say of a file that was read."""
    if not inner.deeper:
        return ""
    return f"; what that calls ({', '.join(inner.deeper)}) was not looked into"
