"""Matches texts of a policy, with wildcards and variables, against texts of a request.

Sources: IAM User Guide, "IAM policy elements: variables and tags", "IAM JSON policy elements: Resource", and "condition
operators" for ARNs. Only wildcards in the policy's text count: `${*}` and the values of variables are literal.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys in lower case with their values: a text, or a tuple of several. Absent keys are not in it."""

Filled = tuple[tuple[str, bool], ...]
"""A text of a policy with its variables replaced: pieces, and whether each is literal."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WITH_DEFAULT = re.compile(r"([^,]*),\s*'(.*)'\s*", re.DOTALL)
_COLONS_OF_ARN = 5


def filled(text: str, context: Context, *, has_variables: bool = True) -> Filled | None:
    """Return the text with its variables (`${aws:username}`, `${aws:x, 'default'}`) filled in.

    None when one has no value, or several. Without `has_variables` (version 2008-10-17) all of it is plain.
    """
    if not has_variables or "${" not in text:
        return ((text, False),)
    pieces, at = [], 0
    for found in _VARIABLE.finditer(text):
        value = _value(found[1], context)
        if value is None:
            return None
        pieces += [(text[at : found.start()], False), (value, True)]
        at = found.end()
    return (*pieces, (text[at:], False))


def plain(pieces: Filled) -> str:
    """Return the text of the pieces, with wildcards as ordinary characters."""
    return "".join(text for text, _ in pieces)


def like(value: str, glob: Filled | str) -> bool:
    """Return whether a text matches a glob: `*` is any text, `?` any character."""
    if isinstance(glob, str) and (simple := _simple(glob)) is not None:
        head, has_star = simple
        return value.startswith(head) if has_star else value == head
    return _glob(((glob, False),) if isinstance(glob, str) else glob).matches(value)


def arn_like(value: str, glob: Filled) -> bool:
    """Return whether an ARN matches a glob part by part: a wildcard before the fifth colon matches no colon."""
    return _arn(glob).matches(value)


def resource_like(value: str, glob: Filled) -> bool:
    """Return whether a Resource element matches a resource.

    As `arn_like`, but a `*` at the end of a part reaches beyond its colon, and missing parts are `*`.
    """
    simple = _simple_resource(glob)
    if simple is not None:
        head, has_star = simple
        return value.startswith(head) if has_star else value == head
    return _resource(glob).matches(value)


class Globs:
    """Several globs, for many texts."""

    def __init__(self, simple: Iterable[tuple[str, bool]], others: Sequence[Callable[[str], bool]]) -> None:
        """`simple`: texts, and whether anything may follow; `others`: functions that match a text."""
        simple = tuple(simple)
        self._texts = frozenset(text for text, has_star in simple if not has_star)
        self._heads = tuple(text for text, has_star in simple if has_star)
        self._others = others

    def match(self, value: str) -> bool:
        """Return whether one of them matches the text."""
        return value in self._texts or value.startswith(self._heads) or any(each(value) for each in self._others)


def actions(names: Iterable[str]) -> Globs:
    """Return the globs of an Action element, for actions in lower case."""
    small = [name.lower() for name in names]
    others = [glob for glob in small if _simple(glob) is None]
    return Globs(filter(None, map(_simple, small)), [partial(_matches, _glob, ((glob, False),)) for glob in others])


def resources(globs: Iterable[Filled]) -> Globs:
    """Return the globs of a Resource element, which match as in `resource_like`."""
    globs = tuple(globs)
    others = [glob for glob in globs if _simple_resource(glob) is None]
    return Globs(filter(None, map(_simple_resource, globs)), [partial(_matches, _resource, glob) for glob in others])


def _matches(parsed: "Callable[[Filled], _Glob]", glob: Filled, value: str) -> bool:
    return parsed(glob).matches(value)


def _value(inside: str, context: Context) -> str | None:
    if inside in ("*", "?", "$"):
        return inside
    split = _WITH_DEFAULT.fullmatch(inside)
    name, default = (split[1], split[2]) if split else (inside, None)
    known = context.get(name.strip().lower(), default)
    return known if isinstance(known, str) else None


def _simple_resource(glob: Filled) -> tuple[str, bool] | None:
    text, is_literal = glob[0]
    if len(glob) == 1 and not is_literal and (not text.startswith("arn:") or text.count(":") >= _COLONS_OF_ARN):
        return _simple(text)
    return None


def _simple(glob: str) -> tuple[str, bool] | None:
    """The text before a star at the end, and whether there is one; None for a glob with other wildcards."""
    head, star, tail = glob.partition("*")
    return None if tail or "?" in head else (head, bool(star))


class _Glob:
    """A glob as a state machine that reads a text once: its time is at most the text's length times the glob's.

    A regular expression could need the text's length to the power of the number of stars. The states are the bits of
    one number, bit n for "the first n parts of the glob have matched".
    """

    def __init__(self, parts: Sequence[tuple[str, str]]) -> None:
        """`parts`: `literal` and its character, or `one` or `many` and which they match: all, or no colon."""
        self._literals: dict[str, int] = {}
        self._matching = {"one": 0, "many": 0}
        self._without_colon = {"one": 0, "many": 0}
        for number, (kind, what) in enumerate(parts):
            if kind == "literal":
                self._literals[what] = self._literals.get(what, 0) | 1 << number
                continue
            self._matching[kind] |= 1 << number
            if what == "no colon":
                self._without_colon[kind] |= 1 << number
        self._end = 1 << len(parts)

    def matches(self, value: str) -> bool:
        """Return whether the whole text matches."""
        one, many = self._matching["one"], self._matching["many"]
        states = 1 | (1 & many) << 1
        for char in value:
            ones, manys = one, many
            if char == ":":
                ones, manys = one & ~self._without_colon["one"], many & ~self._without_colon["many"]
            states = (states & (ones | self._literals.get(char, 0))) << 1 | states & manys
            states |= (states & many) << 1
            if not states:
                return False
        return bool(states & self._end)


@lru_cache(maxsize=1024)
def _glob(pieces: Filled) -> _Glob:
    return _Glob([(kind, "all" if kind != "literal" else char) for char, kind in _chars(pieces)])


@lru_cache(maxsize=1024)
def _arn(pieces: Filled) -> _Glob:
    chars = _chars(pieces)
    if _colons(chars) < _COLONS_OF_ARN:
        # A character that is in no text: nothing matches.
        return _Glob([("literal", "")])
    return _Glob(_by_parts(chars, may_reach_on=False))


@lru_cache(maxsize=1024)
def _resource(pieces: Filled) -> _Glob:
    chars = _chars(pieces)
    if plain(pieces).startswith("arn:"):
        chars += [(":", "literal"), ("*", "many")] * (_COLONS_OF_ARN - _colons(chars))
    return _Glob(_by_parts(chars, may_reach_on=True))


def _by_parts(chars: Sequence[tuple[str, str]], *, may_reach_on: bool) -> list[tuple[str, str]]:
    """The parts of a glob whose wildcards before the fifth colon do not match colons.

    With `may_reach_on` a star at the end of its part does.
    """
    parts, colons = [], 0
    for at, (char, kind) in enumerate(chars):
        colons += char == ":"
        ends_part = kind == "many" and chars[at + 1 : at + 2] in ([], [(":", "literal")])
        reaches_all = colons >= _COLONS_OF_ARN or (may_reach_on and ends_part)
        parts.append((kind, char if kind == "literal" else "all" if reaches_all else "no colon"))
    return parts


def _chars(pieces: Filled) -> list[tuple[str, str]]:
    """The characters, each `literal`, `one` or `many`; of several stars in a row the last."""
    chars: list[tuple[str, str]] = []
    for text, is_literal in pieces:
        for char in text:
            kind = "literal" if is_literal else {"*": "many", "?": "one"}.get(char, "literal")
            if kind == "many" and chars[-1:] == [("*", "many")]:
                continue
            chars.append((char, kind))
    return chars


def _colons(chars: Sequence[tuple[str, str]]) -> int:
    return sum(char == ":" for char, _ in chars)
