"""Manual pages (man-pages(7), groff_man(7)) from what `--help` and `help TOPIC` say: mfasession(1), one a command."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence

from mfasession import __version__
from mfasession.cli import parsers, registry, topics


def pages() -> dict[str, str]:
    """Return the text of each page by its file name, such as `mfasession-login.1`."""
    found = {"mfasession.1": _page("mfasession", "", tuple(_program()))}
    for name, module in registry.commands().items():
        actions = [f"{name} {action}" for action in registry.actions(module)]
        body = [*_command(name), *(line for action in actions for line in _action(action)), *_see_also(())]
        found[f"mfasession-{name}.1"] = _page(f"mfasession-{name}", module.SUMMARY, body)
    return found


def _page(name: str, summary: str, body: Sequence[str]) -> str:
    what = summary or parsers.program().description or ""
    head = [
        # Without a date: the same version gives the same bytes.
        f'.TH {name.upper()} 1 "" "mfasession {__version__}" "User Commands"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(what[:1].lower() + what[1:])}",
    ]
    return "\n".join([*head, *body]) + "\n"


def _program() -> Iterator[str]:
    yield from _command("")
    yield ".SH COMMANDS"
    yield from _terms({f"mfasession-{name}(1)": module.SUMMARY for name, module in registry.commands().items()})
    for name, topic in topics.TOPICS.items():
        yield f".SH {name.replace('-', ' ').upper()}"
        yield from _block(f"{topic.text}\nmore: {topics.PAGES}{topic.page}", indent=0)
    yield from _see_also([f"mfasession-{name}" for name in registry.names()])


def _command(name: str) -> Iterator[str]:
    parser = parsers.of(name)
    yield ".SH SYNOPSIS"
    yield f".B {escaped(_usage(parser))}"
    if parser.description and name:
        yield ".SH DESCRIPTION"
        yield escaped(f"{parser.description}.")
    yield ".SH OPTIONS"
    yield from _flags(parser)
    if parser.examples:
        yield ".SH EXAMPLES"
        yield from _examples(parser)


def _action(name: str) -> Iterator[str]:
    parser = parsers.of(name)
    yield f".SH {name.upper()}"
    yield f".B {escaped(_usage(parser))}"
    yield ".PP"
    yield escaped(f"{parser.description}.")
    yield from _flags(parser)
    yield from _examples(parser)


def _usage(parser: parsers.Parser) -> str:
    return parser.format_usage().removeprefix("usage: ").strip()


def _flags(parser: parsers.Parser) -> Iterator[str]:
    formatter = argparse.HelpFormatter(parser.prog, width=1000)
    for action in parser._actions:  # noqa: SLF001  # argparse names no public way to its own list
        if action.help != argparse.SUPPRESS:
            invocation = formatter._format_action_invocation(action)  # noqa: SLF001
            help_text = formatter._expand_help(action) if action.help else ""  # noqa: SLF001
            yield from _terms({invocation: help_text})


def _examples(parser: parsers.Parser) -> Iterator[str]:
    for line, what in parser.examples:
        yield from (".PP", escaped(f"{what[:1].upper()}{what[1:]}:"))
        yield from _block(f"{line}\n")


def _see_also(names: Sequence[str]) -> Iterator[str]:
    yield ".SH SEE ALSO"
    yield ",\n".join(f".BR {escaped(name)} (1)" for name in (*names, "mfasession" if not names else "aws"))
    yield ".PP"
    yield escaped(f"{topics.PAGES}README.md")


def _terms(rows: Mapping[str, str]) -> Iterator[str]:
    for term, what in rows.items():
        yield from (".TP", f".B {escaped(term)}", escaped(what) or "\\&")


def _block(text: str, *, indent: int = 4) -> Iterator[str]:
    """Lines as they are."""
    lines = (escaped(line) or "\\&" for line in text.rstrip("\n").splitlines())
    yield from (".PP", ".nf", f".RS {indent}", *lines, ".RE", ".fi")


def escaped(text: str) -> str:
    """Text for groff: its own signs escaped, a dash that can be copied, and no line that starts a request."""
    signs = (
        re.sub(r"\\", r"\\e", text).replace("-", "\\-").replace("…", "...").replace("'", "\\(aq").replace("`", "\\(ga")
    )
    return f"\\&{signs}" if signs[:1] == "." else signs
