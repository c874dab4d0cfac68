"""``--dry-run``: the octets that would go to the service, after redaction; nothing is sent, and nothing written."""

import os
import sys
from typing import TYPE_CHECKING

from s2r_ci.asking import SEND, UNSENT, Planned, access_for, plan, service_for, wish_of
from s2r_ci.called import script_of
from s2r_ci.pipeline import convertible
from s2r_ci.publish.report import publish
from s2r_ci.repository import found_in
from s2r_ci.session import options_of, world_of

if TYPE_CHECKING:
    from s2r_ci.convert.service import Wish
    from s2r_ci.pipeline import World
    from s2r_ci.remote.client import Client
    from s2r_ci.repository import Place


def show_outgoing(place: "Place", verb: str) -> int:
    """Print one body a line, each below a line that names its script. The exit code is 0: a look judges nobody.

    A body differs from the one that travels by its nonce alone, which is drawn anew for each attempt.
    """
    access = access_for(place.settings, os.environ)
    if access is None:
        print("s2r-scan: nothing would be sent: no service is set up", file=sys.stderr)
        return 0
    world, wish = world_of(place), wish_of(place.settings, os.environ)
    options = options_of(place, write=verb == "write")._replace(asks=place.settings.send)
    scripts = found_in(place).scripts
    planned = plan(scripts, world, options, wish, jobs=place.settings.jobs)
    client = service_for(access, place.settings, os.environ, root=place.root).client
    for candidate, each in zip(scripts, planned, strict=True):
        if each.what in (SEND, UNSENT):
            publish(_told(candidate.path, each, world, client, wish), "")
    total = sum(each.octets for each in planned)
    from s2r_ci.render.words import count

    sending = sum(each.what == SEND for each in planned)
    print(
        f"s2r-scan: {count(sending, 'script')}, {count(total, 'octet')} of script text; nothing was sent",
        file=sys.stderr,
    )
    return 0


def _told(path: str, planned: Planned, world: "World", client: "Client", wish: "Wish") -> str:
    from s2r_ci.convert.service import question
    from s2r_ci.remote.outgoing import outgoing
    from s2r_ci.render.safe import shown_path

    target = world.target(path)
    script = script_of(path, world.read(path) or b"", world.read)
    out = outgoing(script, target, refuse=wish.refuse)
    request = convertible(script, target)
    if planned.what == UNSENT or out.why or request is None:
        return f"# {shown_path(path)}: not sent: {out.why}\n"
    envelope = question(client, request, out, wish)
    _, body, _ = client.signed(envelope)
    hidden = f", {len(out.placeholders)} secrets left out" if out.placeholders else ""
    address = f"{envelope.method} {client.access.origin}{envelope.path}"
    return f"# {shown_path(path)}: {address}, {len(body):,} octets{hidden}\n{body.decode()}\n"
