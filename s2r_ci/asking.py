"""A run that asks the service: a plan before the first call, the calls, and an account of them.

The plan looks at every script and says which are current, which rules do, and which are sent. Only those are then
walked with the service at hand, many at once; the others are walked as in every run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_ci.beside import Options
from s2r_ci.called import script_of
from s2r_ci.errors import ConfigurationError, ConversionError, IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.model import Candidate, Report, Script
from s2r_ci.parallel import Turns, each_chunk
from s2r_ci.pipeline import World, convertible, scan
from s2r_ci.runai.document import read_document
from s2r_ci.standing import Standing, stamp_of, standing

if TYPE_CHECKING:
    from s2r_ci.convert.service import ServiceConverter, Tally, Wish
    from s2r_ci.remote.access import Access
    from s2r_ci.remote.client import Client
    from s2r_ci.remote.journal import Journal
    from s2r_ci.remote.workflow import Session
    from s2r_ci.settings import Settings

CURRENT: Final = "current"  # nothing is converted
RULES: Final = "rules"  # rules do it, or say why nobody can
UNSENT: Final = "unsent"  # would be asked about, and cannot be sent
SEND: Final = "send"


class Planned(NamedTuple):
    """What the run will do about one script; ``octets`` of it travel."""

    what: str
    octets: int = 0


class Words(NamedTuple):
    """Where a run says things while it is under way; both are silent unless somebody looks."""

    say: Callable[[str], None] = lambda line: None
    show: Callable[[str], None] = lambda line: None  # replaces what it showed before


# --- who is asked ------------------------------------------------------------------------------------------


def access_for(settings: Settings, environ: Mapping[str, str]) -> Access | None:
    """The service that this run may ask; None: rules do everything.

    Raises ConfigurationError where the settings want the service and it is not set up, or not safely.
    """
    if settings.converter == "rules":
        return None
    secret = environ.get("S2R_SHARED_SECRET", "").strip() or environ.get("S2R_SHARED_SECRET_FILE", "").strip()
    if settings.api_endpoint and (secret or _is_bought(settings.key_id, environ)):
        from s2r_ci.remote.access import access_of

        return access_of(settings.api_endpoint, settings.key_id, environ)
    if settings.converter == "service":
        missing = "api-endpoint" if not settings.api_endpoint else "S2R_SHARED_SECRET"
        if settings.api_endpoint and settings.key_id == "oidc":
            raise ConfigurationError(_UNOFFERED, where="key-id", hint=_PERMISSION)
        raise ConfigurationError(
            "the service is asked for, and not set up",
            where=missing,
            hint='set api-endpoint and the environment variable S2R_SHARED_SECRET, or converter = "rules"',
        )
    return None


_UNOFFERED: Final = "key-id is oidc, and the runner offers this job no token"
_PERMISSION: Final = "give the workflow job the permission id-token: write; a fork's pull request cannot have it"


def offline(settings: Settings, environ: Mapping[str, str]) -> str:
    """What the last line of a run that asks no service has to say beyond that; empty for nothing.

    A workflow job without the permission looks just like one that has no service: nobody would notice. Elsewhere the
    same settings are a person's at their desk, who has no token and wants none.
    """
    meant = settings.converter == "auto" and settings.api_endpoint and settings.key_id == "oidc"
    if not meant or environ.get("GITHUB_ACTIONS") != "true" or access_for(settings, environ) is not None:
        return ""
    return f"checked offline by rules, as {_UNOFFERED} ({_PERMISSION})"


def _is_bought(key_id: str, environ: Mapping[str, str]) -> bool:
    """Whether the key is bought with the token of this workflow: asked for by the key id, and offered by the runner."""
    return key_id == "oidc" and bool(environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"))


def wish_of(settings: Settings, environ: Mapping[str, str]) -> Wish:
    """What the settings say about the service."""
    from s2r_ci.convert.service import Wish
    from s2r_ci.envelope import Repo
    from s2r_ci.signing import is_key_id

    number, name = environ.get("GITHUB_REPOSITORY_ID", ""), environ.get("GITHUB_REPOSITORY", "")
    return Wish(
        send=settings.send,
        refuse=settings.redact == "refuse",
        fail=settings.on_service_failure == "fail",
        model=settings.model,
        repo=Repo(number, name if name.isprintable() else "") if is_key_id(number) else None,
    )


class Service(NamedTuple):
    """The service at hand: what a run, ``s2r`` and a conversation share."""

    client: Client
    converter: ServiceConverter
    journal: Journal


def service_for(
    access: Access,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    root: str,
    expected: int = 1,
    turns: Turns | None = None,
) -> Service:
    """A client of the service, the converter that uses it, and its memory. ``expected``: how many will be sent."""
    import random
    from contextlib import nullcontext

    from s2r_ci.convert.service import ServiceConverter
    from s2r_ci.remote.allowance import Allowance
    from s2r_ci.remote.client import Client
    from s2r_ci.remote.journal import Journal, journal_path
    from s2r_ci.remote.patience import Patience
    from s2r_ci.remote.prices import price_of

    patience = Patience(expected, time.monotonic, random.random)
    until_s = time.monotonic() + settings.deadline
    aside = turns.aside if turns else nullcontext
    client = Client(access, patience, until_s=until_s, aside=aside, buy=_buying(access, environ))
    journal = Journal(journal_path(environ, root, access.origin, access.key_id), now=time.time())
    most = float(settings.max_cost) if settings.max_cost else None
    allowance = Allowance(price_of(settings.model), most_scripts=settings.max_requests, most_dollars=most)
    converter = ServiceConverter(client, wish_of(settings, environ), allowance, journal, time.time)
    return Service(client, converter, journal)


def _buying(access: Access, environ: Mapping[str, str]) -> Callable[[], Session] | None:
    """What buys a key for a workflow's token; None where there is a secret."""
    if access.secret.octets:
        return None
    from s2r_ci.remote.workflow import session

    return lambda: session(access.origin, environ, now_s=time.time())


# --- the plan ----------------------------------------------------------------------------------------------


def plan(
    scripts: Sequence[Candidate], world: World, options: Options, wish: Wish, *, jobs: int = 0
) -> list[Planned]:
    """What the run will do about each script, in their order. Nothing is sent, and nothing written."""

    def work(chunk: Sequence[Candidate]) -> list[Planned]:
        return [_planned(candidate, world, options, wish) for candidate in chunk]

    return [planned for chunk in each_chunk(scripts, work, jobs=jobs) for planned in chunk]


def _planned(candidate: Candidate, world: World, options: Options, wish: Wish) -> Planned:
    path = candidate.path
    target = world.target(path)
    try:
        data = world.read(path)
        beside = world.read(world.manifest_path(path))
    except IncompleteError:
        return Planned(RULES)  # whoever examines it will say so
    if data is None:
        return Planned(RULES)
    script = script_of(path, data, world.read)
    document = read_document(beside) if beside is not None else None
    state = standing(stamp_of(script, target), beside, document, options.asks)
    if state is Standing.CURRENT:
        return Planned(CURRENT)
    if target.converter == "rules" or (not options.overwrite and state not in _CONVERTED):
        return Planned(RULES)
    return _to_send(script, world, wish)


_CONVERTED: Final = (Standing.MISSING, Standing.STALE)  # the others were edited by hand, or are not ours


def _to_send(script: Script, world: World, wish: Wish) -> Planned:
    from s2r_ci.convert.rules import RulesConverter
    from s2r_ci.remote.outgoing import outgoing

    request = convertible(script, world.target(script.path))
    if request is None:
        return Planned(RULES)
    try:
        made = RulesConverter().convert(request)
    except (ConversionError, ConfigurationError):
        return Planned(RULES)
    if wish.send == "residue" and not made.questions:
        return Planned(RULES)
    out = outgoing(script, request.target, refuse=wish.refuse)
    return Planned(UNSENT) if out.why else Planned(SEND, len(out.text.encode()))


# --- the run -----------------------------------------------------------------------------------------------


def scan_with_service(
    scripts: Sequence[Candidate],
    world: World,
    options: Options,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    root: str,
    access: Access,
    verb: str,
    words: Words,
) -> Report:
    """``pipeline.scan``, with the service asked about the scripts that need it."""
    options = options._replace(asks=settings.send)
    planned = plan(scripts, world, options, wish_of(settings, environ), jobs=settings.jobs)
    asked = [place for place, each in enumerate(planned) if each.what in (SEND, UNSENT)]
    rest = [place for place, each in enumerate(planned) if each.what not in (SEND, UNSENT)]
    turns = Turns()
    service = service_for(access, settings, environ, root=root, expected=len(asked), turns=turns)
    left = service.journal.left()
    asked.sort(key=lambda place: (scripts[place].path not in left, place))  # what an earlier run left comes first
    with turns.taken():
        words.say(announcement(planned, service, settings))
        if service.client.first:
            from s2r_ci.remote.first import WARNING

            words.say(f"warning: {WARNING}")
    done = scan([scripts[place] for place in rest], world, options, verb=verb, jobs=settings.jobs)
    waiting = world._replace(converter=lambda: service.converter, turns=turns, at_once=settings.in_flight)
    shown = _progress(service.converter, len(asked), words)
    told = scan([scripts[place] for place in asked], waiting, options, verb=verb, progress=shown)
    verdicts = dict(zip((*rest, *asked), (*done.verdicts, *told.verdicts), strict=True))
    in_order = tuple(verdicts[place] for place in range(len(scripts)))
    return _accounted(replace(done, verdicts=in_order), service.converter)


def announcement(planned: Sequence[Planned], service: Service, settings: Settings) -> str:
    """One line before the first call: n found, a current, b by rules, c to send, the quota, tokens and money."""
    from s2r_ci.remote.prices import Estimate

    counts = {word: sum(each.what == word for each in planned) for word in (CURRENT, RULES, UNSENT, SEND)}
    by_rules = counts[RULES] + counts[UNSENT]
    line = f"{len(planned):,} found: {counts[CURRENT]:,} current, {by_rules:,} by rules, {counts[SEND]:,} to send"
    if not counts[SEND]:
        return line
    estimate = Estimate()
    for each in planned:
        if each.what == SEND:
            estimate = estimate.plus(service.converter.allowance.price.estimate(each.octets))
    return (
        f"{line} to {service.client.access.origin}; {_quota_said(service)}; "
        f"about {estimate.tokens:,} tokens, ${estimate.dollars:.2f} ({settings.model or 'default model'})"
    )


def _quota_said(service: Service) -> str:
    from s2r_ci.remote.questions import quota

    try:
        found = quota(service.client, service.converter.wish.repo)
    except ConversionError as error:
        return f"quota unknown ({error.what})"
    return f"quota left today: {found.remaining:,} of {found.limit:,}"


def _progress(converter: ServiceConverter, total: int, words: Words) -> Callable[[int, int], None]:
    began = time.monotonic()

    def show(done: int, _total: int) -> None:
        tally, passed = converter.tally, time.monotonic() - began
        left_s = passed / done * (total - done)
        words.show(
            f"{done:,} of {total:,} scripts, {tally.in_flight} in flight, {tally.unverified} not verified, "
            f"{converter.allowance.spent.tokens:,} tokens, about {left_s:.0f} s left"
            if done < total
            else ""
        )

    return show


def _accounted(report: Report, converter: ServiceConverter) -> Report:
    tally = converter.tally
    failed = tally.unverified - tally.left
    reason = f": {tally.trouble}" if tally.trouble else ""
    return replace(
        report,
        asked=_said(tally, converter),
        left=tally.left,
        incomplete=f"{_scripts(failed)} not verified against the service{reason}" if failed else "",
    )


def _scripts(number: int) -> str:
    return "1 script was" if number == 1 else f"{number:,} scripts were"


def _said(tally: Tally, converter: ServiceConverter) -> str:
    if not tally.sent and not tally.unverified:
        return "nothing had to be sent to the service, checked by rules"
    parts = [f"{tally.answered:,} answered by the service"]
    if tally.stored:
        parts[0] += f" ({tally.stored:,} of them stored)"
    if tally.unsent:
        parts.append(f"{tally.unsent:,} not sent")
    if failed := tally.unverified - tally.left:
        parts.append(f"{failed:,} NOT verified against the service")
    if tally.left:
        parts.append(f"{tally.left:,} left for the next run ({tally.trouble})")
    if spent := converter.allowance.spent.tokens:
        parts.append(f"{spent:,} tokens, about ${converter.allowance.spent.dollars:.2f}")
    return ", ".join(parts)
