"""The statements of a policy that apply to a kind of caller in the worst case, prepared for many requests.

For unknown data of a request (its address, its time, tags) the worst case is assumed: a condition on it holds in an
Allow and fails in a Deny. An audit reads thousands of policies, most of them shared: each is prepared once.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from mfasession.policy import evaluation, patterns, unplaced
from mfasession.policy.document import Document, Statement
from mfasession.policy.located_json import Text
from mfasession.policy.patterns import Context, Filled, filled
from mfasession.values import account_of

KEY, SESSION, WITH_MFA, ROLE = "key", "session", "session with MFA", "role"
_MFA: Mapping[str, Context] = {
    KEY: {},
    SESSION: {"aws:multifactorauthpresent": "false"},
    WITH_MFA: {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "60"},
    ROLE: {"aws:multifactorauthpresent": "false"},
}
"""The kinds of callers, with their condition keys about MFA."""
_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_COLONS_OF_ARN = 5
_LITERAL = str.maketrans("*?", "\2\3")
_WRITTEN = str.maketrans("\2\3", "*?")


class Ready:
    """A statement without conditions, prepared for many requests. Equal only to itself.

    `actions`, `not_actions` are as in the document, `resources` and `not_resources` with their variables filled in, and
    with all parts of an ARN. For what `${*}` stands for they have other characters: `with_literal_wildcards`.
    """

    __slots__ = ("_actions", "_resources", "actions", "is_allow", "not_actions", "not_resources", "resources")

    def __init__(self, statement: Statement, context: Context, *, has_variables: bool) -> None:
        self.is_allow = statement.effect == "Allow"
        self.actions = statement.actions
        self.not_actions = statement.not_actions
        self._actions = patterns.actions(statement.actions or statement.not_actions or ())
        resources = _filled(statement.resources, context, has_variables=has_variables, is_wide=self.is_allow)
        exceptions = _filled(statement.not_resources, context, has_variables=has_variables, is_wide=not self.is_allow)
        self._resources = patterns.resources((exceptions if resources is None else resources) or ())
        self.resources = _plain(resources)
        self.not_resources = _plain(exceptions)

    @property
    def has_all_resources(self) -> bool:
        """Whether it is about every resource."""
        return "*" in (self.resources or ())

    def names(self, action: str, resource: str) -> bool:
        """Return whether the statement is about an action in lower case and a resource."""
        return self.names_action(action) and self._resources.match(resource) is (self.resources is not None)

    def names_action(self, action: str) -> bool:
        """Return whether the statement is about an action in lower case."""
        return self._actions.match(action) is (self.not_actions is None)


def ready(text: str, kind: str, user: str, arn: str) -> tuple[Ready, ...]:
    """Return the statements of a policy that apply to a kind of caller.

    Where the kind makes no difference, it is the same object. Raises Malformed.
    """
    for_all = _for_all(text)
    if for_all is not None:
        return for_all
    kept, has_variables = _kept(text, kind, user, arn)
    # A variable may stand for the kind itself, as in `${aws:MultiFactorAuthAge}`.
    return _ready(text, kept, *((kind, user, arn) if has_variables else (KEY, "", "")))


def allowing(statements: tuple[Ready, ...]) -> tuple[Ready, ...]:
    """Return those that allow."""
    return statements if all(each.is_allow for each in statements) else _allowing(statements)


@lru_cache(maxsize=256)
def context_of(kind: str, user: str, arn: str) -> Context:
    """Return the known condition keys of a caller; not to be changed.

    The ARN of a role is not known: that of its session lacks the role's path.
    """
    is_role = kind == ROLE
    return {
        **({} if is_role else {"aws:username": user, "aws:principalarn": arn}),
        "aws:principalaccount": account_of(arn),
        "aws:principaltype": "AssumedRole" if is_role else "User",
        "aws:viaawsservice": "false",
        "aws:principalisawsservice": "false",
        "aws:securetransport": "true",
        **_MFA[kind],
    }


@lru_cache(maxsize=1024)
def _allowing(statements: tuple[Ready, ...]) -> tuple[Ready, ...]:
    return tuple(each for each in statements if each.is_allow)


@lru_cache(maxsize=1024)
def _for_all(text: str) -> tuple[Ready, ...] | None:
    """The statements of a policy that is the same for every caller: without conditions and variables."""
    document = unplaced.read(text)
    if any(each.conditions for each in document.statements) or _has_variables(document):
        return None
    return tuple(Ready(each, {}, has_variables=False) for each in document.statements)


def _has_variables(document: Document) -> bool:
    """Whether a resource has a variable."""
    return any(
        "${" in name
        for each in document.statements
        for names in (each.resources, each.not_resources)
        for name in names or ()
    )


@lru_cache(maxsize=1024)
def _kept(text: str, kind: str, user: str, arn: str) -> tuple[tuple[bool, ...], bool]:
    """Whether each statement applies, and whether a resource has a variable."""
    document = unplaced.read(text)
    context = context_of(kind, user, arn)
    kept = tuple(not each.conditions or _applies(document, each, context) for each in document.statements)
    return kept, _has_variables(document)


@lru_cache(maxsize=1024)
def _ready(text: str, kept: tuple[bool, ...], kind: str, user: str, arn: str) -> tuple[Ready, ...]:
    document = unplaced.read(text)
    context = context_of(kind, user, arn)
    statements = (statement for statement, applies in zip(document.statements, kept, strict=True) if applies)
    return tuple(Ready(each, context, has_variables=document.has_variables) for each in statements)


def _applies(document: Document, statement: Statement, context: Context) -> bool:
    """Whether a statement applies to such a caller in the worst case."""
    known = [line for line in statement.conditions if line.key.lower() in context or line.key.lower() in _MFA_KEYS]
    if statement.effect == "Deny" and len(known) < len(statement.conditions):
        return False
    return evaluation.lines_hold(document, statement, known, context)


def _filled(
    names: tuple[Text, ...] | None, context: Context, *, has_variables: bool, is_wide: bool
) -> list[Filled] | None:
    """The resources with their variables. `is_wide`: an unknown variable is any text; else its resource is left out."""
    if names is None:
        return None
    found = []
    for name in names:
        known = filled(name, context, has_variables=has_variables)
        if known is not None:
            found.append(known)
        elif is_wide:
            found.append(((_VARIABLE.sub("*", name), False),))
    return found


def with_literal_wildcards(resource: str) -> str:
    """Return a text that is made from resources of a Ready, as requests have it."""
    return resource if resource.isprintable() else resource.translate(_WRITTEN)


def _plain(several: list[Filled] | None) -> tuple[str, ...] | None:
    return None if several is None else tuple(map(_glob, several))


def _glob(pieces: Filled) -> str:
    text = "".join(text.translate(_LITERAL) if is_literal else text for text, is_literal in pieces)
    # In a Resource element, parts that an ARN lacks are `*`.
    lacking = _COLONS_OF_ARN - text.count(":") if text.startswith("arn:") else 0
    return text + ":*" * lacking
