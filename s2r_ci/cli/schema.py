"""``s2r-scan schema [NAME]``: the shipped JSON Schemas."""

import json
from collections.abc import Sequence

from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import parse, parser
from s2r_ci.publish.report import publish


def run(verb: str, words: Sequence[str]) -> int:
    """Print one schema, or the names of all."""
    from s2r_ci.validate import load_schema, schema_names

    made = parser(verb, VERBS[verb])
    made.add_argument("name", nargs="?", default="", metavar="NAME", help="without it: the names")
    name = parse(made, words)["name"]
    text = json.dumps(load_schema(name), indent=2) if name else "\n".join(schema_names())
    publish(text + "\n", "")
    return 0
