"""Explains a policy: each statement in a few lines, then a table of what each kind of caller may do."""

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from mfasession.policy import callers, principals, rule
from mfasession.policy.callers import CALLERS, KEY, ROLE
from mfasession.policy.certainty import AGE, holds
from mfasession.policy.evaluation import read
from mfasession.policy.linter.findings import is_about_presence, mfa_lines, values_of
from mfasession.policy.linter.whole import ENROLMENT
from mfasession.policy.overview import Overview, Row
from mfasession.policy.permissions import EVERYWHERE, open_variables
from mfasession.text import in_columns

if TYPE_CHECKING:
    from mfasession.policy.document import Document, Line, Statement

    Sections = Sequence[tuple[tuple[str, ...], tuple[Row, ...]]]
    Limits = Sequence[Sequence[Document]]

WIDTH, WIDEST = 100, 120
"""The widths of lists, and of any line that can be wrapped."""
_FEW = 3
"""The most names on the line of their statement."""
_MFA = {
    ("boolifexists", "false"): "MFA was not used: long-term keys, and sessions without MFA",
    ("bool", "false"): "sessions without MFA, but not long-term keys, whose requests do not have the key",
    ("bool", "true"): "sessions with MFA",
    ("boolifexists", "true"): "sessions with MFA, and long-term keys, whose requests do not have the key",
    ("null", "true"): "long-term keys, but not sessions without MFA, whose requests have the key",
    ("null", "false"): "all sessions, with MFA and without",
}
"""The callers whose requests match a line about MFA."""
_WHY_NOT_ACTION = "NotAction, because otherwise a user without a device could never create one."
_WHY_IF_EXISTS = "BoolIfExists, because the key is absent, not false, on requests that are signed with long-term keys."
_AGE = {
    ("null", "true"): "MFA was not used: long-term keys, and sessions without MFA",
    ("null", "false"): "sessions with MFA",
}
"""The callers whose requests match a line about the age of MFA, where the age itself does not matter."""
_NOT_ALLOWED = "not allowed"
_LEGEND = {
    _NOT_ALLOWED: "no statement allows it",
    "always": "AWS always allows it, without policies",
    "never": "AWS always refuses it, without policies",
}


def explained(document: "Document", limits: "Limits" = ()) -> Iterator[str]:
    """Yield the lines of the statements, the table and its legend.

    `limits`: sets of documents (service control policies, permissions boundaries); one of each set must allow a
    request, too.
    """
    allows = any(statement.effect == "Allow" for statement in document.statements)
    beside = () if allows else ("It allows nothing by itself. Together with a policy that allows everything:",)
    sections = list(Overview((document,) if allows else (document, everything()), limits).sections())
    yield from paragraphs(
        statements(document), beside, within(limits), table(sections), legend(sections, (document,), limits)
    )


def paragraphs(*groups: Iterable[str]) -> Iterator[str]:
    """Yield the lines of all groups that are not empty, with an empty line between two groups."""
    is_first = True
    for group in groups:
        for number, line in enumerate(group):
            if number == 0 and not is_first:
                yield ""
            is_first = False
            yield line


def everything() -> "Document":
    """Return a policy that allows everything."""
    return read(json.dumps(rule.ALLOW_ALL))


def statements(document: "Document") -> Iterator[str]:
    """Yield the explanation of each statement."""
    for statement in document.statements:
        yield from _statement(document, statement)


def within(limits: "Limits") -> Iterator[str]:
    """Yield a line that names the limits, if there are any."""
    if limits:
        yield from listed("Within the limits of", [each.where for several in limits for each in several], none="")


def legend(sections: "Sections", documents: "Sequence[Document]", limits: "Limits" = ()) -> Iterator[str]:
    """Yield the meaning of the tables' words."""
    words = {word for _, rows in sections for row in rows for word in row.words}
    meanings = _LEGEND | (
        {_NOT_ALLOWED: "no statement allows it, or no statement of a policy that limits it"} if limits else {}
    )
    yield from (f"{word}: {says}" for word, says in meanings.items() if word in words)
    if "depends" in words:
        found = [each for document in documents for each in _unknown(document)]
        found += [f"{each} of {one.where}" for several in limits for one in several for each in _unknown(one)]
        yield f"depends: on {'; on '.join(found)}"


def table(sections: "Sections") -> Iterator[str]:
    """Yield one table, with a line before the rows of each group of resources where there are several groups."""
    lines = [("ACTION", *(caller.name.upper() for caller in CALLERS))]
    lines += [(row.action, *row.words) for _, rows in sections for row in rows]
    head, *shown = in_columns(lines).splitlines()
    yield head
    for resources, rows in sections:
        if len(sections) > 1 or EVERYWHERE not in resources:
            yield ""
            if EVERYWHERE in resources:
                yield "on every resource that is not listed below"
            else:
                yield from listed("on", resources, none="")
        yield from shown[: len(rows)]
        del shown[: len(rows)]


def _statement(document: "Document", statement: "Statement") -> Iterator[str]:
    head = f"line {statement.place.line}: {statement.name} {'denies' if statement.effect == 'Deny' else 'allows'}"
    if statement.not_actions is not None:
        yield from listed(f"{head} every action except", statement.not_actions, none=f"{head} every action")
    elif set(statement.actions or ()) & {"*", "*:*"}:
        yield f"{head} every action"
    else:
        yield from listed(head, statement.actions or (), none=f"{head} nothing")
    if statement.not_resources is not None:
        yield from listed("  on every resource except", statement.not_resources, none="  on every resource")
    elif statement.resources is not None and "*" not in statement.resources:
        yield from listed("  on", statement.resources, none="  on no resource")
    if statement.principals is not None:
        yield from listed("  for", principals.listed(statement.principals), none="  for no principal")
    elif statement.not_principals is not None:
        yield from listed(
            "  for all principals except", principals.listed(statement.not_principals), none="  for all principals"
        )
    for number, line in enumerate(statement.conditions):
        yield from _wrapped(f"  {'and ' if number else ''}when {_condition(document, statement, line)}")
    yield from _reasons(statement)


def listed(head: str, names: Sequence[str], *, none: str) -> Iterator[str]:
    """Yield a list on the line of its head if it is short, else below it."""
    if not names:
        yield none
    elif len(names) <= _FEW and len(head) + sum(map(len, names)) < WIDTH:
        yield f"{head} {', '.join(names)}"
    else:
        yield f"{head}:"
        inner = " " * (len(head) - len(head.lstrip()) + 4)
        yield from _wrapped(inner + ", ".join(names), inner, WIDTH)


def _wrapped(text: str, inner: str = "    ", width: int = WIDEST) -> list[str]:
    """Wrap a line; the lines after the first begin with `inner`."""
    return wrap(text, width, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False)


def _condition(document: "Document", statement: "Statement", line: "Line") -> str:
    test = f"{line.operator} {line.key} {', '.join(line.values)}"
    values = values_of(line)
    if is_about_presence(line) and len(values) == 1:
        meaning = _MFA.get((line.operator.lower(), values.pop()))
    elif line.key.lower() == AGE and len(values) == 1:
        meaning = _AGE.get((line.operator.lower(), values.pop()), "")
    else:
        meaning = _of_whom(document, statement, line)
    return f"{test} ({meaning})" if meaning else test


def _of_whom(document: "Document", statement: "Statement", line: "Line") -> str:
    """The meaning of a line that is not about MFA for users and roles; empty where it depends on more."""
    if any(line is each for each in mfa_lines(statement)):
        return ""
    of_users, of_roles = (holds(document, statement, line, caller, is_fresh=True) for caller in (KEY, ROLE))
    words = {
        (True, False): "every IAM user, but no role",
        (False, True): "every role, but no IAM user",
        (True, True): "every caller",
        (False, False): "no caller",
    }
    return words.get((of_users, of_roles), "") if of_users is not None and of_roles is not None else ""


def _reasons(statement: "Statement") -> Iterator[str]:
    """Yield the reasons for the rule's wording."""
    if statement.effect != "Deny" or not any(mfa_lines(statement)):
        return
    exempt = {each.lower() for each in statement.not_actions or ()}
    if any(each.lower() in exempt for each in ENROLMENT):
        yield f"  {_WHY_NOT_ACTION}"
    lines = [(each.operator.lower(), values_of(each)) for each in mfa_lines(statement) if is_about_presence(each)]
    if ("boolifexists", {"false"}) in lines:
        yield f"  {_WHY_IF_EXISTS}"


def _unknown(document: "Document") -> list[str]:
    """The conditions and variables that the answers depend on, besides the user's identity."""
    found: dict[str, None] = {}
    for statement in document.statements:
        for line in statement.conditions:
            if any(holds(document, statement, line, caller, is_fresh=False) is None for caller in callers.CALLERS):
                found[f"{line.operator} {line.key} (line {line.place.line})"] = None
        for each in (*(statement.resources or ()), *(statement.not_resources or ())):
            if document.has_variables:
                found |= {f"{name} (line {each.place.line})": None for name in open_variables(each)}
    return list(found)
