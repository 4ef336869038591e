"""A policy explained: each statement in a few lines, then a table of what each kind of caller may do."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from mfasession.policy import callers, principals, rule
from mfasession.policy.callers import CALLERS, KEY, ROLE
from mfasession.policy.certainty import AGE, holds
from mfasession.policy.evaluation import read
from mfasession.policy.formats import as_json
from mfasession.policy.lint.findings import is_about_presence, mfa_lines, values_of
from mfasession.policy.lint.whole import ENROLMENT
from mfasession.policy.overview import Overview, Row
from mfasession.policy.permissions import EVERYWHERE, open_variables
from mfasession.text import in_columns

if TYPE_CHECKING:
    from mfasession.policy.document import Document, Line, Statement

    Sections = Sequence[tuple[tuple[str, ...], tuple[Row, ...]]]
    Limits = Sequence[Sequence[Document]]

WIDTH, WIDEST = 100, 120
"""Columns of lists, and of any line that can be broken."""
_FEW = 3
"""Names that still stand in the line of their statement."""
_MFA = {
    ("boolifexists", "false"): "MFA was not used: long-term keys, and sessions without MFA",
    ("bool", "false"): "sessions without MFA, but not long-term keys, whose requests do not have the key",
    ("bool", "true"): "sessions with MFA",
    ("boolifexists", "true"): "sessions with MFA, and long-term keys, whose requests do not have the key",
    ("null", "true"): "long-term keys, but not sessions without MFA, whose requests have the key",
    ("null", "false"): "all sessions, with MFA and without",
}
"""Of whose requests a line about MFA is true."""
_WHY_NOT_ACTION = "NotAction, because a user who has no device yet could otherwise never make one."
_WHY_IF_EXISTS = "BoolIfExists, because the key is absent, not false, on requests that are signed with long-term keys."
_AGE = {
    ("null", "true"): "MFA was not used: long-term keys, and sessions without MFA",
    ("null", "false"): "sessions with MFA",
}
"""Of whose requests a line about the age of MFA is true, where the age itself does not matter."""
_NOT_ALLOWED = "not allowed"
_LEGEND = {
    _NOT_ALLOWED: "no statement allows it",
    "always": "AWS allows it whatever policies say",
    "never": "AWS refuses it whatever policies say",
}


def explained(document: "Document", limits: "Limits" = ()) -> Iterator[str]:
    """Yield the lines: of the statements, of the table, and what its words mean.

    `limits`: sets of documents, of each of which one must allow a request, too: of service control policies, and of
    permissions boundaries.
    """
    allows = any(statement.effect == "Allow" for statement in document.statements)
    beside = () if allows else ("It allows nothing by itself. Beside a policy that allows everything:",)
    sections = list(Overview((document,) if allows else (document, everything()), limits).sections())
    yield from paragraphs(
        statements(document), beside, within(limits), table(sections), legend(sections, (document,), limits)
    )


def paragraphs(*groups: Iterable[str]) -> Iterator[str]:
    """Yield the lines of the groups that have any, with an empty line between two groups."""
    is_first = True
    for group in groups:
        for number, line in enumerate(group):
            if number == 0 and not is_first:
                yield ""
            is_first = False
            yield line


def everything() -> "Document":
    """Return a policy that allows everything."""
    return read(as_json(rule.ALLOW_ALL))


def statements(document: "Document") -> Iterator[str]:
    """Yield what each statement says."""
    for statement in document.statements:
        yield from _statement(document, statement)


def within(limits: "Limits") -> Iterator[str]:
    """Yield a line that names the limits, if there are any."""
    if limits:
        yield from listed("Within the limits of", [each.where for several in limits for each in several], none="")


def legend(sections: "Sections", documents: "Sequence[Document]", limits: "Limits" = ()) -> Iterator[str]:
    """Yield what the words of tables mean."""
    words = {word for _, rows in sections for row in rows for word in row.words}
    meanings = _LEGEND | (
        {_NOT_ALLOWED: "no statement allows it, or none of a policy that limits it"} if limits else {}
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
                yield "on every resource that is not below"
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
        yield from listed("  for", principals.listed(statement.principals), none="  for nobody")
    elif statement.not_principals is not None:
        yield from listed("  for everybody except", principals.listed(statement.not_principals), none="  for everybody")
    for number, line in enumerate(statement.conditions):
        yield from _wrapped(f"  {'and ' if number else ''}when {_condition(document, statement, line)}")
    yield from _reasons(statement)


def listed(head: str, names: Sequence[str], *, none: str) -> Iterator[str]:
    """Yield a list behind its head where it is short, else below it."""
    if not names:
        yield none
    elif len(names) <= _FEW and len(head) + sum(map(len, names)) < WIDTH:
        yield f"{head} {', '.join(names)}"
    else:
        yield f"{head}:"
        inner = " " * (len(head) - len(head.lstrip()) + 4)
        yield from _wrapped(inner + ", ".join(names), inner, WIDTH)


def _wrapped(text: str, inner: str = "    ", width: int = WIDEST) -> list[str]:
    """Break a line between words; the lines after the first begin with `inner`."""
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
    """What a line that is not about MFA says of users and roles; empty where that depends on more."""
    if any(line is each for each in mfa_lines(statement)):
        return ""
    of_users, of_roles = (holds(document, statement, line, caller, is_fresh=True) for caller in (KEY, ROLE))
    words = {
        (True, False): "every IAM user, and no role",
        (False, True): "every role, and no IAM user",
        (True, True): "every caller",
        (False, False): "no caller",
    }
    return words.get((of_users, of_roles), "") if of_users is not None and of_roles is not None else ""


def _reasons(statement: "Statement") -> Iterator[str]:
    """Yield why the rule is written as it is, for whoever wonders."""
    if statement.effect != "Deny" or not any(mfa_lines(statement)):
        return
    exempt = {each.lower() for each in statement.not_actions or ()}
    if any(each.lower() in exempt for each in ENROLMENT):
        yield f"  {_WHY_NOT_ACTION}"
    lines = [(each.operator.lower(), values_of(each)) for each in mfa_lines(statement) if is_about_presence(each)]
    if ("boolifexists", {"false"}) in lines:
        yield f"  {_WHY_IF_EXISTS}"


def _unknown(document: "Document") -> list[str]:
    """What the answers depend on: conditions, and variables that do not follow from who the user is."""
    found: dict[str, None] = {}
    for statement in document.statements:
        for line in statement.conditions:
            if any(holds(document, statement, line, caller, is_fresh=False) is None for caller in callers.CALLERS):
                found[f"{line.operator} {line.key} (line {line.place.line})"] = None
        for each in (*(statement.resources or ()), *(statement.not_resources or ())):
            if document.has_variables:
                found |= {f"{name} (line {each.place.line})": None for name in open_variables(each)}
    return list(found)
