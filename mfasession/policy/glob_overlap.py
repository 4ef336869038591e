"""Finds texts that match several patterns of policies."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product

_ANY = "x"
_WILD = re.compile(r"[*?]")


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


def combined(*choices: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield combinations of one glob from each choice that have a text in common."""
    found: list[tuple[tuple[str, ...], str]] = [((), "")]
    for choice in choices:
        heads = [(each, _WILD.split(each, maxsplit=1)[0]) for each in dict.fromkeys(choice)]
        # Most pairs differ in the text before the first wildcard: a list of a hundred services at several levels.
        found = [
            ((*globs, each), max(begin, head, key=len))
            for (globs, begin), (each, head) in product(found, heads)
            if (begin.startswith(head) or head.startswith(begin)) and common(*globs, each) is not None
        ]
    yield from (globs for globs, _ in found)


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
