"""``python -m s2r_service.standin``: the stand-in until it is interrupted."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from s2r_service.standin.faults import WrongScriptError
from s2r_service.standin.minds import MINDS
from s2r_service.standin.server import Standin


def main(argv: Sequence[str] | None = None) -> int:
    """Serve; the first line of the output is the variable that sends a client here."""
    parser = argparse.ArgumentParser(
        prog="python -m s2r_service.standin", description="A stand-in for Amazon Bedrock's Converse."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default, is a free one")
    parser.add_argument("--mind", choices=sorted(MINDS), default="sensible")
    parser.add_argument("--faults", metavar="FILE", help="a list of faults, see docs/standin.md")
    given = parser.parse_args(argv)
    try:
        faults = Path(given.faults).read_text(encoding="utf-8") if given.faults else ""
        standin = Standin(host=given.host, port=given.port, mind=given.mind, faults=faults)
    except (OSError, WrongScriptError) as error:
        print(f"standin: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with standin:
        print(f"AWS_ENDPOINT_URL_BEDROCK_RUNTIME={standin.url}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
