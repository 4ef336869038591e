"""Finds texts that match several patterns of policies."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

ANY_TEXT, ANY_CHARACTER = "\0", "\1"
"""In examples, a character for a `*` and one for a `?`. No policy has them: only wildcards match them."""
MOST = 20_000
"""The most combinations and examples that are tried."""
_MOST_SHARED, _MOST_CROSSING = 200, 2000
"""The most globs that a combination shares; and all combinations whose globs cross, as `a*` and `*b`."""
_ANY = "x"
_WILD = re.compile(r"[*?]")
_STARS = re.compile(r"\*+")


class TooMany(Exception):
    """There are more combinations of patterns than can be tried."""


@lru_cache(maxsize=8192)
def common(*globs: str) -> str | None:
    """Return the shortest text that matches all globs (`*`, `?`); None when there is none."""
    globs = tuple(dict.fromkeys(glob for glob in globs if glob != "*"))
    if len(globs) < 2:
        return "".join(globs).replace("*", "").replace("?", _ANY)
    start, end = (0,) * len(globs), tuple(len(glob) for glob in globs)
    seen, waiting = {start}, deque([(start, "")])
    while waiting:
        at, text = waiting.popleft()
        if at == end:
            return text
        for place, char in _steps(globs, at):
            if place not in seen:
                seen.add(place)
                # Steps without a character come first, so that the text is the shortest.
                (waiting.append if char else waiting.appendleft)((place, text + char))
    return None


@lru_cache(maxsize=8192)
def generic(glob: str, question_marks: int = 0) -> tuple[str, ...]:
    """Return examples of a glob that no other glob matches without matching all of it. Raises TooMany.

    A glob whose only wildcards are `*` matches such an example only where its `*` stand for ANY_TEXT and ANY_CHARACTER,
    and so for any other text. `question_marks`: the most `?` of another glob; it matches a `*` of some lengths only.
    """
    glob = glob.replace("?", ANY_CHARACTER)
    if not question_marks:
        return (glob.replace("*", ANY_TEXT),)
    first, *others = glob.split("*")
    lengths = range(question_marks + 2)
    if len(lengths) ** len(others) > MOST:
        raise TooMany
    return tuple(
        first + "".join(ANY_TEXT * length + other for length, other in zip(each, others, strict=True))
        for each in product(lengths, repeat=len(others))
    )


def is_generic(example: str) -> bool:
    """Return whether an example stands for several texts."""
    return ANY_TEXT in example or ANY_CHARACTER in example


def as_glob(example: str) -> str:
    """Return the glob that an example of `generic` is for.

    >>> as_glob(*generic("s3:Get?bject*"))
    's3:Get?bject*'
    """
    return re.sub(f"{ANY_TEXT}+", "*", example).replace(ANY_CHARACTER, "?")


def combined(*choices: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return combinations of one glob from each choice, with the globs that match all that these match, at least one.

    Raises TooMany.

    >>> combined(("s3:Get*",), ("s3:*Object",)), combined(("ab*", "x"), ("*bc", "y"))
    ([(('s3:Get*', 's3:*Object'), ('s3:Get*Object',))], [(('ab*', '*bc'), ('ab*bc', 'abc'))])
    """
    found: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = [((), "", ("*",))]
    crossing = 0
    for choice in choices:
        if choice == ("*",):
            found = [((*globs, "*"), begin, shared) for globs, begin, shared in found]
            continue
        before, found = found, []
        for (globs, begin, shared), (each, head) in product(before, _heads(choice)):
            # Most pairs differ in the text before the first wildcard: a list of a hundred services at several levels.
            if not (begin.startswith(head) or head.startswith(begin)):
                continue
            both = _all_overlaps(shared, each)
            crossing += len(both) if both not in (shared, (each,)) else 0
            if both:
                found.append(((*globs, each), max(begin, head, key=len), both))
            if len(found) > MOST or crossing > _MOST_CROSSING:
                raise TooMany
    return [(globs, shared) for globs, _, shared in found]


@lru_cache(maxsize=1024)
def _heads(choice: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each glob once, with the text before its first wildcard."""
    return [(glob, _WILD.split(glob, maxsplit=1)[0]) for glob in dict.fromkeys(choice)]


@lru_cache(maxsize=8192)
def _all_overlaps(shared: tuple[str, ...], glob: str) -> tuple[str, ...]:
    """Return what a glob shares with any of several."""
    if "**" in glob:
        glob = _STARS.sub("*", glob)
    if shared == ("*",):
        return (glob,)
    found = tuple(sorted({both for each in shared for both in _overlaps(each, glob)}))
    if len(found) > _MOST_SHARED:
        raise TooMany
    return found


def _overlaps(one: str, other: str) -> Iterable[str]:
    """What two globs share. Each position of both yields the globs of the rest, from the last to the first."""
    if _includes(one, other):
        return (other,)
    if _includes(other, one):
        return (one,)
    reached: dict[tuple[int, int], list[tuple[tuple[int, int], str]]] = {}
    waiting = [(0, 0)]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached[at] = [*_moves(one, other, *at)]
            waiting += [place for place, _ in reached[at]]
    end = (len(one), len(other))
    rests: dict[tuple[int, int], set[str]] = {}
    for at in sorted(reached, key=sum, reverse=True):
        rests[at] = {_STARS.sub("*", char + rest) for place, char in reached[at] for rest in rests[place]}
        rests[at] |= {""} if at == end else set()
        if len(rests[at]) > _MOST_SHARED:
            raise TooMany
    return rests[0, 0]


def _includes(wide: str, narrow: str) -> bool:
    """Whether a glob matches all that another does; with `?` only if they are the same."""
    if "?" in wide:
        return wide == narrow
    first, *others = wide.split("*")
    if not others:
        return wide == narrow
    *middle, last = others
    if not narrow.startswith(first) or not narrow.endswith(last) or len(narrow) < len(first) + len(last):
        return False
    at = len(first)
    for part in middle:
        at = narrow.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return at <= len(narrow) - len(last)


def _moves(one: str, other: str, here: int, there: int) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the next positions in two globs, with the part of a shared glob that leads there."""
    a, b = one[here : here + 1], other[there : there + 1]
    if "*" in (a, b):
        char = "*" if a == b else ""
        if a == "*":
            yield (here + 1, there), char
            if b and b != "*":
                yield (here, there + 1), b
        if b == "*":
            yield (here, there + 1), char
            if a and a != "*":
                yield (here + 1, there), a
    elif a and b and (a == b or "?" in (a, b)):
        yield (here + 1, there + 1), b if a == "?" else a


def _steps(globs: tuple[str, ...], at: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the next positions in the globs, with the character that leads there, if any."""
    chars = [glob[place : place + 1] for glob, place in zip(globs, at, strict=True)]
    for number, char in enumerate(chars):
        if char == "*":
            yield (*at[:number], at[number] + 1, *at[number + 1 :]), ""
    literals = {char for char in chars if char not in "*?"}
    if all(chars) and len(literals) < 2:
        ahead = tuple(place + (char != "*") for place, char in zip(at, chars, strict=True))
        yield ahead, min(literals, default=_ANY)
