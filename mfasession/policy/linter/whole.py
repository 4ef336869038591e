"""Answers the rules' questions about the whole document: permissions now, and after a change of one statement.

A document's Deny is evaluated together with a policy that allows everything; its Allow is evaluated alone.
"""

from collections.abc import Mapping
from functools import cached_property, reduce
from operator import or_

from mfasession.policy import callers
from mfasession.policy.bounds import EXEMPT as HARMLESS
from mfasession.policy.callers import Caller
from mfasession.policy.document import Document, Line, Statement
from mfasession.policy.located_json import Text
from mfasession.policy.permissions import ANY_OTHER, EVERYWHERE, Bits, Permissions, Requests

MFA_PRESENT, MFA_AGE = "aws:multifactorauthpresent", "aws:multifactorauthage"
ENROLMENT = ("iam:CreateVirtualMFADevice", "iam:EnableMFADevice")
"""A first device needs these two (IAM User Guide, sample policy iam_mfa-selfmanage)."""
WEAKENING = ("iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice")
"""Actions that remove a device."""
POWERS = (*WEAKENING, "iam:CreateAccessKey", "iam:CreateUser", "iam:AttachUserPolicy", "sts:AssumeRole")
"""Actions that no exemption may cover."""
_WITHOUT = (callers.KEY, callers.SESSION)
_ABOUT_DEVICES = ("iam:createvirtualmfadevice", "iam:deletevirtualmfadevice")
_ABOUT_ACCOUNTS = ("iam:listvirtualmfadevices", "iam:getaccountpasswordpolicy", "iam:listusers")


class Whole:
    """A whole document. Sessions with MFA are fresh."""

    def __init__(self, document: Document) -> None:
        self._document = document

    @cached_property
    def requests(self) -> Requests:
        """All requests that are evaluated."""
        return Requests((self._document,), (*sorted(HARMLESS), *POWERS), own=True)

    @cached_property
    def _now(self) -> Permissions:
        return Permissions(self.requests, is_fresh=True)

    @cached_property
    def _counts(self) -> Bits:
        """The requests that count.

        All except those that may stay open to all callers, and those that no policy can allow a session with MFA.
        """
        return self.requests.all & ~self.requests.for_actions(HARMLESS) & ~self._fixed

    @cached_property
    def _fixed(self) -> Bits:
        """The requests that no policy decides."""
        sets = (self._now.fixed(caller) for caller in (callers.KEY, callers.MFA))
        return reduce(or_, (bits for each in sets for bits in each))

    def closed_by(self, statement: Statement, changed: Statement, *, beside_all: bool = True) -> Mapping[str, Bits]:
        """Return the slugs of callers without MFA that could do less after a statement is changed."""
        after = self._now.with_statement(statement, changed)
        found = {}
        for caller in _WITHOUT:
            lost = 0
            for best in (True, False):
                may_now = self._now.may(caller, best=best, beside_all=beside_all)
                lost |= may_now & ~after.may(caller, best=best, beside_all=beside_all) & self._counts
            if lost:
                found[caller.slug] = lost
        return found

    def opened_by(self, statement: Statement, changed: Statement, caller: Caller = callers.MFA) -> Bits:
        """Return what a caller could do only after a statement is changed, including harmless requests."""
        after = self._now.with_statement(statement, changed)
        return after.may(caller, best=False, beside_all=True) & ~self._now.may(caller, best=False, beside_all=True)

    def more_without(self, *, beside_all: bool) -> Bits:
        """Return what a caller without MFA may do that one with MFA, in the same situation, may not."""
        found = 0
        for best in (True, False):
            with_mfa = self._now.may(callers.MFA, best=best, beside_all=beside_all)
            for caller in _WITHOUT:
                found |= self._now.may(caller, best=best, beside_all=beside_all) & ~with_mfa
        return found & self._counts

    def only_with_old_mfa(self, *, beside_all: bool) -> Bits:
        """Return what a session with old MFA may do that one with fresh MFA may not."""
        of_any_age = Permissions(self.requests, is_fresh=False).may(callers.MFA, best=True, beside_all=beside_all)
        return of_any_age & ~self._now.may(callers.MFA, best=True, beside_all=beside_all) & self._counts

    def with_mfa(self, *, beside_all: bool) -> Bits:
        """Return what is possible with MFA, in the best case."""
        return self._now.may(callers.MFA, best=True, beside_all=beside_all) & self._counts

    def makes_a_difference(self, *, to_all: bool) -> bool:
        """Return whether MFA makes a difference; `to_all`: also for requests that may stay open."""
        for beside_all in (True, False):
            for best in (True, False):
                with_mfa = self._now.may(callers.MFA, best=best, beside_all=beside_all)
                key = self._now.may(callers.KEY, best=best, beside_all=beside_all)
                if to_all and (with_mfa ^ key) & ~self._fixed:
                    return True
                if with_mfa & ~key & self._counts:
                    return True
        return False

    def is_open_alone(self) -> bool:
        """Return whether the document alone allows a caller without MFA a request that counts, or allows nothing."""
        has_allow = any(each.effect == "Allow" for each in self._document.statements)
        return not has_allow or any(
            self._now.may(each, best=True, beside_all=False) & self._counts for each in _WITHOUT
        )

    def covered(self, statement: Statement, caller: Caller) -> Bits:
        """Return a caller's requests that a statement is about, in the worst case."""
        return self._now.covered(statement, caller, best=statement.effect == "Allow") & self._counts

    def is_denied_by(self, statement: Statement, caller: Caller, action: str) -> bool:
        """Return whether a statement denies a caller a call about themselves, in the worst case."""
        return bool(self._now.covered(statement, caller, best=False) & self._about_oneself(action))

    def can(self, caller: Caller, action: str, *, beside_all: bool = True) -> bool:
        """Return whether a caller may make a call about themselves, their devices or the account, in the best case."""
        return bool(self._now.may(caller, best=True, beside_all=beside_all) & self._about_oneself(action))

    def can_without_mfa(self, *actions: str) -> list[str]:
        """Return the actions of a caller without MFA on any resource, at best, with a policy that allows everything."""
        if not actions:
            return []
        requests = Requests((self._document,), actions)
        asked = Permissions(requests, is_fresh=True)
        found = [asked.may(caller, best=True, beside_all=True) for caller in _WITHOUT]
        return [each for each in actions if any(bits & requests.of(each) for bits in found)]

    def allowing(self, bits: Bits, caller: Caller) -> Statement | None:
        """Return the first Allow about one of these requests of a caller."""
        return self._first("Allow", bits, caller)

    def denying(self, bits: Bits, caller: Caller) -> Statement | None:
        """Return the first Deny about one of these requests of a caller."""
        return self._first("Deny", bits, caller)

    def shown(self, bits: Bits) -> str:
        """Return a request of a set for people: `s3:* on arn:…`, `everything`."""
        action, resource = self.requests.shown(bits)
        name = "everything" if action in (ANY_OTHER, "*") else action
        return name if resource == EVERYWHERE else f"{name} on {resource}"

    def _first(self, effect: str, bits: Bits, caller: Caller) -> Statement | None:
        for each in self._document.statements:
            if each.effect == effect and self._now.covered(each, caller, best=effect == "Allow") & bits:
                return each
        return None

    def _about_oneself(self, action: str) -> Bits:
        small = action.lower()
        resource = self.requests.device if small in _ABOUT_DEVICES else self.requests.user
        return self.requests.of(action, EVERYWHERE if small in _ABOUT_ACCOUNTS else resource)


def with_test(statement: Statement, operator: str, value: str) -> Statement:
    """Return a statement with its test for MFA replaced."""
    place = statement.place
    line = Line(
        operator=Text(operator, place), key=Text("aws:MultiFactorAuthPresent", place), values=(Text(value, place),)
    )
    others = tuple(each for each in statement.conditions if each.key.lower() not in (MFA_PRESENT, MFA_AGE))
    return statement.replace(conditions=(line, *others))


def exempting(statement: Statement, actions: tuple[str, ...]) -> Statement:
    """Return the rule: a statement that denies all except some actions without MFA."""
    place = statement.place
    tested = with_test(statement, "BoolIfExists", "false")
    return tested.replace(
        actions=None,
        not_actions=tuple(Text(each, place) for each in actions),
        resources=(Text("*", place),),
        not_resources=None,
        conditions=tested.conditions[:1],
    )


def is_about_all(statement: Statement) -> bool:
    """Return whether a statement is about everything: with NotAction, or `*` on `*`."""
    if statement.not_actions is not None:
        return True
    return bool({"*", "*:*"} & set(statement.actions or ())) and "*" in (statement.resources or ())
