"""The JSON face, ``report.v1``: one line a script and a finding, so that two reports can be compared by line."""

from json import dumps

from s2r_ci.model import Report
from s2r_ci.render import Style
from s2r_ci.wire.shapes import of_report


def render(report: Report, style: Style) -> str:
    """The report as JSON, ASCII only, so that no terminal and no editor is misled by it."""
    parts = (f"{dumps(key)}: {_value(value)}" for key, value in of_report(report).items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(dumps, value)) + "\n]"
    return dumps(value)
