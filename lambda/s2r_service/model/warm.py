"""``python -m s2r_service.model.warm [ALIAS ...]``: have Amazon Bedrock compile the tools' schemas.

The first use of a schema may take minutes, and what is compiled is kept for a day: to be run after each deploy and
daily, with the deployment's environment. A deployment may set S2R_STRICT_TOOLS=on once this has said ``strict`` for its
models.
"""

import sys
from collections.abc import Callable, Sequence

from s2r_service.conversion import warm_up_prompt
from s2r_service.model.bedrock import Bedrock, client
from s2r_service.model.catalogue import Catalogue, shipped

WAITS_S = 300.0


def warm(bedrock: Bedrock, catalogue: Catalogue, aliases: Sequence[str], write: Callable[[str], object]) -> int:
    """A line a model; 1 where one cannot be held to the schema."""
    prompt = warm_up_prompt()
    plain = 0
    for alias in aliases:
        held = bedrock.warm_up(prompt, catalogue.offer(alias).model_id)
        plain += not held
        write(f"{alias}: {'strict' if held else 'not strict: leave S2R_STRICT_TOOLS off'}\n")
    return int(plain > 0)


def main(argv: Sequence[str]) -> int:
    """Warm up the models of these aliases, or the default one."""
    catalogue = shipped()
    unknown = [alias for alias in argv if alias not in catalogue.offers]
    if unknown:
        print(f"no model is called {unknown[0]!r}; one of: {', '.join(sorted(catalogue.offers))}", file=sys.stderr)
        return 2
    return warm(Bedrock(client(read_s=WAITS_S)), catalogue, argv or [catalogue.default], sys.stdout.write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
