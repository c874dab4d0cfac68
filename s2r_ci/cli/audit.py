"""``s2r-scan audit``: the inventory of a repository; with ``--list`` only what is where."""

from collections.abc import Sequence

from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_paths, add_report, add_target, parse, parser
from s2r_ci.repository import found_in, place_of
from s2r_ci.session import incomplete


def run(verb: str, words: Sequence[str]) -> int:
    """Print the inventory. The exit code is 0 unless files could not be read: an audit judges nobody."""
    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    add_target(made)
    made.add_argument("--list", action="store_true", help="only find and classify: one file a line, no parsing")
    given = parse(made, words)
    place = place_of(given)
    found = found_in(place)
    if given.get("list"):
        from s2r_ci.cli.listing import publish_list

        publish_list(place, found)
    else:
        from s2r_ci.cli.listing import publish_audit

        publish_audit(place, found)
    return 3 if incomplete(found.findings) else 0
