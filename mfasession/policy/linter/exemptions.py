"""Rules about the exemptions of a Deny without MFA: enough to set up a device, and no more."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy import callers
from mfasession.policy import rule as the_rule
from mfasession.policy.bounds import EXEMPT as HARMLESS
from mfasession.policy.evaluation import names_action
from mfasession.policy.linter.findings import (
    Edit,
    Finding,
    Operations,
    Severity,
    Subject,
    by_small_name,
    mfa_lines,
    rule,
)
from mfasession.policy.linter.whole import ENROLMENT, POWERS, WEAKENING, exempting, is_about_all, with_test
from mfasession.policy.patterns import like

if TYPE_CHECKING:
    from mfasession.policy.document import Statement
    from mfasession.policy.located_json import Text

EXEMPT: tuple[str, ...] = tuple(the_rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"])
SESSION_TOKEN, CHANGE_PASSWORD = "sts:GetSessionToken", "iam:ChangePassword"
NEEDED = (*ENROLMENT, "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice")
"""Calls that must work without a device, or with one that is out of step. Enrolment does not need iam:GetUser."""

ACTION = rule(
    "action-for-notaction",
    Severity.ERROR,
    "Action lists what is denied; NotAction would list what stays open",
    "With Action the Deny is only about the listed actions: those that set up a device are denied, and no others.",
)
NARROW = rule(
    "narrow-deny",
    Severity.WARNING,
    "only some actions are denied without MFA",
    "Actions that the Deny does not name are possible with a stolen key. NotAction denies all except those it lists,  "
    "including future services.",
)
SOME = rule(
    "some-calls-only",
    Severity.INFO,
    "only some calls or resources need MFA",
    "Everything else works with a long-term key alone. That is right for protecting single resources or calls; the  "
    "rule that protects all of them denies with NotAction, on every resource.",
)
NOTHING = rule(
    "nothing-exempt",
    Severity.WARNING,
    "nothing is exempt: no user can set up a first device",
    "A user without a device needs the calls that create and enable one, and has no MFA yet.",
)
MISSING = rule(
    "exemption-missing",
    Severity.WARNING,
    "a call that sets up a device is denied",
    "Without it a user cannot create, enable, list or resynchronize a device before having one.",
)
TOKEN = rule(
    "getsessiontoken-missing",
    Severity.INFO,
    "sts:GetSessionToken is not in NotAction",
    "Policies have no effect on GetSessionToken (IAM User Guide, Permissions for GetSessionToken): it works anyway. "
    "Listing it documents that.",
)
WEAK = rule(
    "weak-exemption",
    Severity.ERROR,
    "the exemption is too wide",
    "Actions in NotAction work with a stolen key alone: without MFA no device may be removed and no key created.",
)
OTHER = rule(
    "other-exemption",
    Severity.WARNING,
    "an exempt call does not set up a device",
    "Actions in NotAction work with a stolen key alone: only those that set up a device belong there.",
)
RESOURCE = rule(
    "narrow-resource",
    Severity.ERROR,
    "the Deny is about some resources only",
    "Everything on other resources is possible without MFA. Resource must be *.",
)
ALLOW = rule(
    "allow-notaction",
    Severity.ERROR,
    "an Allow with the NotAction of the rule allows everything else",
    "It grants every action except the listed ones, without MFA. The rule is a Deny.",
)
FIRST_PASSWORD = rule(
    "first-password",
    Severity.INFO,
    "users who must change their password at the first sign-in cannot",
    "iam:ChangePassword is denied until there is MFA, and the console asks for the new password before anything else. "
    "AWS advises against exempting it: do not require the change, or create the device first.",
)


def check(subject: Subject, operations: Operations) -> Iterator[Finding]:
    """Check what each Deny about MFA covers, and Allow with NotAction."""
    for statement in subject.statements:
        if statement.effect == "Allow" and statement.not_actions is not None:
            yield from _allow(subject, statement)
    for statement in subject.denials():
        yield from _covered(subject, statement)
        if statement.not_actions is not None:
            yield from _exempt(subject, statement, statement.not_actions, operations)
            yield from _missing(subject, statement)


def _allow(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    """An Allow that excepts the calls of the rule, or that does not require MFA: it should be a Deny."""
    asks_for_none = any(
        line.operator.lower() in ("bool", "boolifexists") and {each.lower() for each in line.values} == {"false"}
        for line in mfa_lines(statement)
    )
    names_enrolment = any(each.lower() in map(str.lower, ENROLMENT) for each in statement.not_actions or ())
    if not (asks_for_none or names_enrolment):
        return
    if not subject.whole.closed_by(statement, with_test(statement, "Bool", "true"), beside_all=False):
        return
    yield Finding(
        rule=ALLOW,
        place=subject.key(statement, "NotAction").place,
        message="everything but these is allowed without MFA",
        edits=(subject.written(statement.effect, "Deny"),) if asks_for_none else (),
        corrected='"Effect": "Deny"' if asks_for_none else "Action with the needed actions",
    )


def _covered(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    """The actions outside the Deny that let a caller without MFA do more."""
    actions = statement.actions or ()
    whole = exempting(statement, EXEMPT)
    if statement.not_actions is None and is_about_all(statement):
        if subject.whole.opened_by(statement, whole, callers.KEY):
            yield _nothing_exempt(subject, statement)
    elif not subject.whole.closed_by(statement, whole):
        return
    elif statement.not_actions is not None:
        if "*" not in (statement.resources or ()):
            yield _resources(subject, statement)
    elif _names_enrolment_alone(actions):
        key = subject.key(statement, "Action")
        yield Finding(
            rule=ACTION,
            place=key.place,
            message="only the calls that set up a device are denied",
            edits=(subject.written(key, "NotAction"),),
            corrected=f'"NotAction": {json.dumps(list(actions))}',
        )
    elif subject.whole.is_open_alone():
        is_wide = "*" in (statement.resources or ()) and any(each.endswith(":*") for each in actions)
        yield Finding(
            rule=NARROW if is_wide else SOME,
            place=subject.key(statement, "Action").place,
            message="all other actions work without MFA" if is_wide else "the rest works without MFA",
            corrected=f'"NotAction": {json.dumps(list(EXEMPT))}' if is_wide else "",
        )


def _names_enrolment_alone(actions: "tuple[Text, ...]") -> bool:
    """Whether an Action element is the list of the exempt calls, with those that create a device."""
    named = {each.lower() for each in actions}
    exempt = {each.lower() for each in (*EXEMPT, *WEAKENING)} | HARMLESS
    return named <= exempt and any(each.lower() in named for each in ENROLMENT)


def _nothing_exempt(subject: Subject, statement: "Statement") -> Finding:
    corrected = json.dumps(list(EXEMPT), indent=2)
    key = subject.key(statement, "Action")
    return Finding(
        rule=NOTHING,
        place=key.place,
        message="everything is denied without MFA, setting up a device too",
        edits=(subject.whole_element(statement, "Action", corrected), subject.written(key, "NotAction")),
        corrected=f'"NotAction": {corrected}',
    )


def _resources(subject: Subject, statement: "Statement") -> Finding:
    element = "Resource" if statement.resources is not None else "NotResource"
    edits: tuple[Edit, ...] = (subject.whole_element(statement, element, '"*"'),)
    if element == "NotResource":
        edits = (subject.written(subject.key(statement, element), "Resource"), *edits)
    return Finding(
        rule=RESOURCE,
        place=subject.key(statement, element).place,
        message=f"{element} excludes resources that a stolen key could still use",
        edits=edits,
        corrected='"Resource": "*"',
    )


def _exempt(
    subject: Subject, statement: "Statement", named: "tuple[Text, ...]", operations: Operations
) -> Iterator[Finding]:
    """The actions in NotAction that nothing else in the document denies."""
    powers = {each: [power for power in POWERS if like(power.lower(), each.lower())] for each in named}
    more = {each: _others(each, operations) for each in named}
    asked = [name for each in named for name in (*powers[each], *more[each])]
    possible = set(subject.whole.can_without_mfa(*asked))
    for each in named:
        if reached := [name for name in powers[each] if name in possible]:
            yield _weak(subject, statement, each, reached)
        elif others := [name for name in more[each] if name in possible]:
            yield Finding(
                rule=OTHER,
                place=each.place,
                message=f"{each} works without MFA" + (f": {', '.join(others[:3])}" if others != [each] else ""),
                corrected=f"without {each}",
            )


def _weak(subject: Subject, statement: "Statement", named: "Text", reached: list[str]) -> Finding:
    needed = [name for name in EXEMPT if like(name.lower(), named.lower())]
    edits = subject.without(statement, "NotAction", named)
    if needed:
        there = {name.lower() for name in statement.not_actions or ()}
        new = [name for name in needed if name.lower() not in there] or needed[:1]
        edit = subject.written(named, *new)
        is_list = subject.node(statement).members[subject.key(statement, "NotAction")].kind == "list"
        edits = (edit if is_list else edit.replace(text=f"[{edit.text}]"),)
    return Finding(
        rule=WEAK,
        place=named.place,
        message=f"{named} covers {', '.join(reached[:3])}",
        edits=edits,
        corrected=", ".join(needed) or f"without {named}",
    )


def _others(named: str, operations: Operations) -> list[str]:
    """The exempted calls that must not be; the exemption itself where the service's calls are unknown."""
    prefix, _, pattern = named.partition(":")
    known = operations(prefix.lower())
    if not known:
        return [] if named.lower() in HARMLESS else [named]
    small, names = pattern.lower(), by_small_name(tuple(known))
    reached = (f"{prefix}:{name}" for each, name in names.items() if like(each, small))
    return [name for name in reached if name.lower() not in HARMLESS]


def _missing(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    place = subject.key(statement, "NotAction").place
    for name in NEEDED:
        if subject.whole.is_denied_by(statement, callers.KEY, name):
            yield Finding(
                rule=MISSING,
                place=place,
                message=f"{name} is not exempt",
                edits=(subject.added(statement, "NotAction", name),),
                corrected=f'"{name}"',
            )
    if names_action(statement, SESSION_TOKEN):
        yield Finding(rule=TOKEN, place=place, message=f"{SESSION_TOKEN} is not exempt", corrected=f'"{SESSION_TOKEN}"')
    if subject.whole.is_denied_by(statement, callers.KEY, CHANGE_PASSWORD):
        yield Finding(rule=FIRST_PASSWORD, place=place, message="iam:ChangePassword is denied without MFA")
