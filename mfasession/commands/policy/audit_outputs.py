"""Where `policy audit` writes its report, and in which formats: stdout, or files whose names say it."""

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from mfasession.errors import MfaSessionError, UsageError
from mfasession.files import attributes, replace
from mfasession.messages import say
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from mfasession.admin.reports import Report

TABLE = "table"
FORMATS = (TABLE, "csv", "json", "jsonl", "html", "sarif", "junit", "ocsf")
_ENDINGS = {
    ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".html": "html", ".sarif": "sarif", ".sarif.json": "sarif",
    ".xml": "junit", ".ocsf": "ocsf", ".ocsf.jsonl": "ocsf",
}  # fmt: skip
"""The longest that fits decides."""


class Output(Value):
    """A file to write, empty for stdout, and its format."""

    path: str
    format: str


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags that say where the report goes."""
    parser.add_argument(
        "--format", choices=FORMATS, help="how to write the report (table, or what the ending of --output says)"
    )
    parser.add_argument(
        "--output",
        dest="outputs",
        metavar="FILE",
        action="append",
        help="write the report to a new file instead of stdout; may be repeated, as in audit.html and audit.jsonl",
    )


def chosen(written: str, paths: "Sequence[str]", resume: str, inputs: "Iterable[str]") -> list[Output]:
    """Return the outputs of `--format` and `--output`. Raises UsageError, ConfigurationError, StoreError.

    `resume`: the file of `--resume`; `inputs`: the files that the run reads. None of them may be an output as well.
    """
    if written and len(paths) > 1:
        raise UsageError(
            "--format is for one report: with several, the ending of each file says its format",
            f"leave --format out; endings: {' '.join(_ENDINGS)}",
        )
    taken = {os.path.realpath(path): f"{path}, which the audit reads" for path in inputs}
    for flag, path in [*([("--resume", resume)] if resume else []), *(("--output", path) for path in paths)]:
        if other := taken.get(os.path.realpath(path)):
            raise UsageError(f"{flag} {printable(path)} is the same file as {printable(other)}", "name another file")
        taken[os.path.realpath(path)] = f"{flag} {path}"
    for path in paths:
        attributes.check_writable(path)
        replace.check_replaceable(path)
    return [Output(path=path, format=written or format_of(path)) for path in paths or ("",)]


def format_of(path: str) -> str:
    """Return the format that the ending of a file's name says; a table for others."""
    fitting = [ending for ending in _ENDINGS if path.lower().endswith(ending)]
    return _ENDINGS[max(fitting, key=len)] if fitting else TABLE


def write(report: "Report", outputs: "Sequence[Output]") -> list[MfaSessionError]:
    """Write the report; return why files were not written. Raises StoreError when its rows cannot be read."""
    failures = []
    for output in outputs:
        pieces = import_module(f"mfasession.admin.reports.{output.format}").pieces(report)
        if output.path:
            try:
                replace.replace(output.path, pieces)
            except MfaSessionError as failure:
                # The other files are written all the same.
                failures.append(failure)
            else:
                say(f"the report is in {printable(output.path)}")
            continue
        if output.format != TABLE and isinstance(sys.stdout, io.TextIOWrapper):
            # The same bytes as in a file, whatever the locale.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    return failures
