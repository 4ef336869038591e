"""Rules about the effect of the whole document."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from mfasession.policy import callers
from mfasession.policy.certainty import AGE
from mfasession.policy.linter.exemptions import EXEMPT, MISSING, NOTHING
from mfasession.policy.linter.findings import Edit, Finding, Severity, Subject, mfa_lines, rule
from mfasession.policy.linter.operators import INVERTED
from mfasession.policy.linter.whole import ENROLMENT, is_about_all

if TYPE_CHECKING:
    from mfasession.policy.document import Line, Statement

_TEST = '"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}'

NOTHING_WITH_MFA = rule(
    "nothing-with-mfa",
    Severity.ERROR,
    "nothing is possible, even with MFA",
    "The Deny has no condition about MFA, or one that also matches sessions with MFA: it locks users out.",
)
FIRST_DEVICE = rule(
    "first-device",
    Severity.WARNING,
    "the first device can only be created with MFA",
    "A user without a device has no MFA yet: the calls that create and enable one must work with a long-term key.",
)
ENFORCES_NOTHING = rule(
    "enforces-nothing",
    Severity.WARNING,
    "it is about MFA, but MFA makes no difference",
    "A long-term key may do all that a session with MFA may do: with this policy a stolen key is enough.",
)
_CLAIMS = re.compile(
    r"(without|with|unless|no|if|use|using|enforced?|forced?|required?|requires|mandatory|needs?)[ _-]?mfa"
    r"|mfa[ _-]?(required|enforced|enforcement|only|present|mandatory|protected)",
    re.IGNORECASE,
)
_NAME = re.compile(r"mfa|multi-?factor", re.IGNORECASE)
_OF_USERS = re.compile(r"self|own|manage|enrol|setup|allow", re.IGNORECASE)


def check(subject: Subject, found: Sequence[Finding]) -> list[Finding]:
    """Check the effect of the document; `found` are the findings of other rules."""
    slugs = {each.rule.slug for each in found}
    own: list[Finding] = []
    if INVERTED.slug not in slugs:
        own += [*more_without(subject), *_nothing_with(subject)]
    if not {MISSING.slug, NOTHING.slug} & slugs:
        own += _first_device(subject)
    if all(each.rule.severity is Severity.INFO for each in (*found, *own)):
        own += _enforces_nothing(subject)
    return own


def more_without(subject: Subject) -> Iterator[Finding]:
    """Find actions that are possible without MFA but not with it."""
    for beside_all in (True, False):
        if bits := subject.whole.more_without(beside_all=beside_all):
            blamed = subject.whole.denying(bits, callers.MFA) or subject.whole.allowing(bits, callers.KEY)
            blamed = blamed or subject.whole.allowing(bits, callers.SESSION)
            place = blamed.place if blamed else subject.root.place
            message = f"{subject.whole.shown(bits)} is possible without MFA, but not with it"
            yield Finding(rule=INVERTED, place=place, message=message)
            return
        line = _wants_old(subject)
        if line and (bits := subject.whole.only_with_old_mfa(beside_all=beside_all)):
            message = f"{subject.whole.shown(bits)} is possible with old MFA, but not with fresh MFA"
            yield Finding(rule=INVERTED, place=line.place, message=message)
            return


def _wants_old(subject: Subject) -> "Line | None":
    """The first condition of an Allow that requires the MFA to be old."""
    lines = (line for each in subject.statements if each.effect == "Allow" for line in each.conditions)
    return next((x for x in lines if x.key.lower() == AGE and x.operator.lower().startswith("numericgreater")), None)


def _nothing_with(subject: Subject) -> Iterator[Finding]:
    """A Deny for all callers that is not a quarantine: it exempts enrolment, or the document mentions MFA."""
    if subject.whole.with_mfa(beside_all=True):
        return
    for statement in subject.statements:
        if statement.effect != "Deny" or not subject.whole.covered(statement, callers.MFA):
            continue
        is_meant = _exempts_enrolment(statement) or any(any(mfa_lines(each)) for each in subject.statements)
        if is_meant or _claims(subject):
            yield Finding(
                rule=NOTHING_WITH_MFA,
                place=statement.place,
                message=f"{statement.name} denies sessions with MFA, too",
                edits=_conditioned(subject, statement),
                corrected=_TEST,
            )
            return


def _exempts_enrolment(statement: "Statement") -> bool:
    named = {each.lower() for each in statement.not_actions or ()}
    return any(each.lower() in named for each in EXEMPT)


def _conditioned(subject: Subject, statement: "Statement") -> tuple[Edit, ...]:
    """The edit that adds the missing condition to a Deny for all callers."""
    if "Condition" in subject.node(statement).members or not (is_about_all(statement) and statement.not_actions):
        return ()
    return (subject.member_behind(statement, _TEST),)


def _first_device(subject: Subject) -> Iterator[Finding]:
    whole = subject.whole
    for beside_all in (True, False):
        for name in ENROLMENT:
            with_mfa = whole.can(callers.MFA, name, beside_all=beside_all)
            if not with_mfa or whole.can(callers.KEY, name, beside_all=beside_all):
                continue
            if beside_all:
                blamed = next(
                    (each for each in subject.statements if whole.is_denied_by(each, callers.KEY, name)), None
                )
            else:
                blamed = next((each for each in subject.statements if _names(each, name)), None)
            if blamed is not None:
                message = f"{name} is possible only with MFA"
                yield Finding(rule=FIRST_DEVICE, place=blamed.place, message=message)
                return


def _names(statement: "Statement", action: str) -> bool:
    """Whether an Allow about MFA names an action of enrolment, and not everything."""
    names = [each.lower() for each in statement.actions or ()]
    is_meant = any(each.startswith("iam:") and "mfadevice" in each for each in names)
    return statement.effect == "Allow" and is_meant and any(mfa_lines(statement)) and bool(action)


def _enforces_nothing(subject: Subject) -> Iterator[Finding]:
    asks = next((line for each in subject.statements for line in mfa_lines(each)), None)
    if asks is not None and not subject.whole.makes_a_difference(to_all=True):
        yield Finding(rule=ENFORCES_NOTHING, place=asks.place, message="the conditions about MFA have no effect")
    elif _claims(subject) and not subject.whole.makes_a_difference(to_all=False):
        message = "its name says that it requires MFA, but it does not"
        yield Finding(rule=ENFORCES_NOTHING, place=subject.root.place, message=message)


def _claims(subject: Subject) -> bool:
    """Whether the document's or a statement's name says that MFA is required."""
    name = PurePath(subject.document.where).stem
    if _CLAIMS.search(name) or (_NAME.search(name) and not _OF_USERS.search(name)):
        return True
    return any(each.sid and _CLAIMS.search(each.sid) for each in subject.statements)
