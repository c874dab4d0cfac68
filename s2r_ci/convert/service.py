"""The converter that asks the conversion service; rules read the script before, and stand in where it has no answer.

What comes back is text until it is read strictly, and a claim until the judge has seen it. Where the manifest is the
one that our own rules write (with the decisions that it names), ours is taken, and its ledger with it; where it is
another, it goes to the judge as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.envelope import Envelope, Repo, default_idem
from s2r_ci.envelope.context import context_of
from s2r_ci.errors import ConversionError, MalformedReplyError, QuotaExceededError
from s2r_ci.frozen import frozen, replace
from s2r_ci.model import ConversionRequest, ConversionResult, Decisions, Finding, Location, Provenance, Rule
from s2r_ci.remote import first
from s2r_ci.remote.allowance import Allowance
from s2r_ci.remote.answers import Converted, Usage, converted
from s2r_ci.remote.client import CLIENT, Client
from s2r_ci.remote.journal import Entry, Journal
from s2r_ci.remote.outgoing import Outgoing, outgoing
from s2r_ci.remote.prices import Estimate
from s2r_ci.rules import NOT_SENT, NOT_VERIFIED, SECRET_REDACTED, SERVICE_SAYS

PATH: Final = "/v1/convert"
_MOST_REMARKS: Final = 20


@dataclass(slots=True)
class Tally:
    """What became of the scripts that a run wanted to send."""

    sent: int = 0
    answered: int = 0
    in_flight: int = 0
    stored: int = 0  # answered from what an earlier run was charged for
    unsent: int = 0  # cannot be sent: too large, not UTF-8
    unverified: int = 0  # no usable answer: rules stood in, or nothing did
    left: int = 0  # of these, the ones that a quota left for the next run
    trouble: str = ""  # the last reason
    session: str = ""  # of the last answer


class Memory(Protocol):
    """What is remembered of a question. See ``remote.journal.Journal``."""

    def note(self, entry: Entry) -> None:
        """Remember an event."""


@frozen
class Wish:
    """What the settings say about the service."""

    send: str = "all"  # or residue: only where rules leave a question open
    refuse: bool = False  # scripts with what looks like a secret are not sent
    fail: bool = False  # no rules in the service's place
    model: str = ""
    repo: Repo | None = None


class ServiceConverter:
    """Asks the service. One serves all threads of a run, whose turns keep them apart."""

    def __init__(
        self, client: Client, wish: Wish, allowance: Allowance, memory: Memory | None = None,
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:  # fmt: skip
        self.tally = Tally()
        self.allowance = allowance
        self._client = client
        self.wish = wish
        self._memory = memory or Journal("", now=0)
        self._now = now
        self._rules = RulesConverter()

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """Give the service's manifest, or the one by rules with a note that says why it is not the service's.

        Raises ConversionError where rules cannot read the job as one workload, and, where the settings want no rules
        in the service's place, the trouble with the service.
        """
        made = self._rules.convert(request)
        if self.wish.send == "residue" and not made.questions:
            return made
        out = outgoing(request.script, request.target, refuse=self.wish.refuse)
        if out.why:
            self.tally.unsent += 1
            return _noted(made, request, NOT_SENT, out.why)
        try:
            answer = self._answer(request, out)
            return self.taken(request, made, out, answer)
        except ConversionError as error:
            return self._without(request, made, error)

    # --- asking

    def _answer(self, request: ConversionRequest, out: Outgoing) -> Converted:
        envelope = question(self._client, request, out, self.wish)
        data = out.text.encode()
        digest = hashlib.sha256(data).hexdigest()
        known = Entry(idem=envelope.idem, state="left", time=int(self._now()), path=_shown(request), digest=digest)
        estimate = self._allowance_of(len(data), known)
        self._memory.note(known._replace(state="asked"))
        self.tally.sent += 1
        self.tally.in_flight += 1
        usage: Usage | None = Usage()
        charged, client = False, self._client
        try:
            if client.is_first():
                charged, usage = True, None  # it charges what it fails at too, and tells no counts
                answer = first.converted(client.ask_first(data), client.access.origin)
            else:
                answer = converted(client.ask(envelope), digest, client.access.origin)
                usage, charged = answer.usage, not answer.replayed
        except ConversionError as error:
            self._memory.note(known._replace(state="left" if isinstance(error, QuotaExceededError) else "failed"))
            raise
        finally:
            self.tally.in_flight -= 1
            self.allowance.settle(estimate, usage, charged=charged)
        self.tally.answered += 1
        self.tally.stored += answer.replayed
        self.tally.session = answer.session
        self._memory.note(known._replace(state="done", session=answer.session, tokens=answer.usage.tokens))
        return answer

    def _allowance_of(self, octets: int, known: Entry) -> Estimate:
        try:
            return self.allowance.take(octets)
        except QuotaExceededError:
            self._memory.note(known)
            raise

    # --- what comes of it

    def taken(
        self, request: ConversionRequest, made: ConversionResult, out: Outgoing, answer: Converted
    ) -> ConversionResult:
        """The service's manifest as a result; the judge sees it next. Raises MalformedReplyError for no YAML."""
        result = understood(request, made, out, answer)
        provenance = Provenance(
            converter="service",
            version=CLIENT.partition("/")[2],
            model_id=answer.model,
            prompt_digest=answer.prompt,
        )
        notes = [*result.notes, *_redactions(request, out), *_remarks(request, made, answer)]
        return replace(result, provenance=provenance, notes=tuple(notes))

    def _without(
        self, request: ConversionRequest, made: ConversionResult, error: ConversionError
    ) -> ConversionResult:
        """The manifest by rules in the service's place, said plainly; or the error, where the settings want that."""
        used_up = isinstance(error, QuotaExceededError)
        self.tally.unverified += 1
        self.tally.left += used_up
        self.tally.trouble = error.what
        if self.wish.fail:
            raise error
        return _noted(made, request, NOT_VERIFIED, f"{NOT_VERIFIED.summary}: {error.what}")


def question(client: Client, request: ConversionRequest, out: Outgoing, wish: Wish) -> Envelope:
    """The envelope that asks for one conversion."""
    envelope = client.envelope(
        "POST", PATH, script=out.text, name=request.script.path, model=wish.model, repo=wish.repo,
        **context_of(request.target)._asdict(),
    )  # fmt: skip
    return replace(envelope, idem=default_idem(envelope))


def _shown(request: ConversionRequest) -> str:
    return request.script.path


def understood(
    request: ConversionRequest, made: ConversionResult, out: Outgoing, answer: Converted
) -> ConversionResult:
    """Ours, where our rules write the same manifest with the decisions that it carries; theirs, where they do not."""
    from s2r_ci.runai.decisions import carried
    from s2r_ci.runai.document import read_document
    from s2r_ci.runai.texts import read_text

    data = answer.manifest.encode("utf-8", "replace")
    document = read_document(data)  # what its header says counts for nothing: ours is written anew
    content = document.content if document else data
    manifest = read_text(content, request.target.name, where="the service's manifest")
    decided = carried(manifest.body)
    sent = as_sent(request, out)
    if _by_rules(sent, decided).manifest.body == manifest.body:
        return _by_rules(request, decided) if decided else made
    if out.placeholders:
        raise MalformedReplyError(
            "the service's manifest carries placeholders of secrets, and rules write another",
            where=request.script.path,
            hint="take the secret out of the script",
        )
    return replace(made, manifest=replace(manifest, lines={}))


def as_sent(request: ConversionRequest, out: Outgoing) -> ConversionRequest:
    """The request as the service has it: what the script calls stays here."""
    script = replace(request.script, data=out.text.encode(), called=())
    if not request.script.called:
        return replace(request, script=script)
    from s2r_ci.slurm.job import read_script

    bare = replace(request.script, called=())
    jobs = read_script(bare, release=request.target.slurm_version, arguments=request.target.options).jobs
    return replace(request, script=script, job=jobs[0] if len(jobs) == 1 else request.job)


def _by_rules(request: ConversionRequest, decided: Decisions) -> ConversionResult:
    """What rules write with these decisions. Lines that the script does not have are nobody's to change."""
    from s2r_ci.runai.decisions import applied

    lines = request.script.data.count(b"\n") + 1
    fitting = decided if all(0 < change.line <= lines for change in decided.changes) else type(decided)()
    return RulesConverter().convert(applied(request, fitting) if fitting else request)


def _noted(made: ConversionResult, request: ConversionRequest, rule: Rule, message: str) -> ConversionResult:
    finding = Finding(rule=rule, message=message, location=Location(path=request.script.path), subject="service")
    return replace(made, notes=(*made.notes, finding))


def _redactions(request: ConversionRequest, out: Outgoing) -> Sequence[Finding]:
    return [
        Finding(
            rule=SECRET_REDACTED,
            message=f"the service saw {each.text} in place of what looks like a secret ({each.kind})",
            location=Location(path=request.script.path, line=each.line),
            subject=each.kind,
        )
        for each in out.placeholders
    ]


def _remarks(request: ConversionRequest, made: ConversionResult, answer: Converted) -> Sequence[Finding]:
    """What the service says besides, as notes; questions that rules ask too are not said twice."""
    asked = {question.key for question in made.questions}
    said = [
        *answer.warnings,
        *(f"open: {text}" for text in answer.questions if text.partition(":")[0] not in asked),
    ]
    place = Location(path=request.script.path)
    return [
        Finding(rule=SERVICE_SAYS, message=" ".join(text.split()), location=place, subject="service")
        for text in said[:_MOST_REMARKS]
        if text.strip()
    ]
