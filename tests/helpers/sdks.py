"""SDKs in programs that stay: each reads a line, calls STS and S3, and writes a line of JSON about it."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.helpers.programs import Staying, staying
from tests.helpers.support import BUILT, Home, missing, need

BOTO3 = """
import json, sys
import boto3
for line in sys.stdin:
    try:
        said = {"arn": boto3.client("sts").get_caller_identity()["Arn"]}
        boto3.client("s3").list_buckets()
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        said = {"error": code or type(error).__name__, "text": str(error)}
    print(json.dumps(said), flush=True)
"""


def boto3() -> tuple[str, ...]:
    """Return the words of a Python program."""
    return sys.executable, "-c", BOTO3


def javascript() -> tuple[str, ...]:
    """Return the words of the program in tests/clients/js, as `make tools` sets it up."""
    return need("node"), built("js", "main.js")


def go() -> tuple[str, ...]:
    """Return the program of tests/clients/go, as `make tools` builds it."""
    return (built("go", "client"),)


def java() -> tuple[str, ...]:
    """Return the words of the program of tests/clients/java, as `make clients` builds it."""
    folder = wanted("java")
    return need("java"), "-cp", f"{folder}/classes:{folder}/dependency/*", "Main"


def rust() -> tuple[str, ...]:
    """Return the program of tests/clients/rust, as `make clients` builds it."""
    return (wanted("rust", "release", "client"),)


def built(*path: str) -> str:
    """Return the path of a client of `make tools`, or report the test as skipped; under CI=true it fails."""
    file = BUILT.joinpath(*path)
    return str(file) if file.exists() else missing(f"the client {path[0]} (make tools)")


def wanted(*path: str) -> str:
    """Return the path of a client of `make clients`, or report the test as skipped: it takes minutes to build."""
    file = BUILT.joinpath(*path)
    if os.environ.get("MFASESSION_CLIENTS") != "all" or not file.exists():
        pytest.skip(f"the client {path[0]} is not there or not asked for: make clients, and MFASESSION_CLIENTS=all")
    return str(file)


SDKS: Mapping[str, Callable[[], tuple[str, ...]]] = {
    "boto3": boto3,
    "js": javascript,
    "go": go,
    "java": java,
    "rust": rust,
}


class Client:
    """One such program."""

    def __init__(self, program: Staying) -> None:
        self._program = program

    def call(self) -> dict[str, str]:
        """Let it call once; `arn`, or `error` (its name) and `text`."""
        line = self._program.ask()
        assert line, self.stderr
        answer: dict[str, str] = json.loads(line)
        return answer

    @property
    def stderr(self) -> str:
        """What it and its children wrote to stderr so far."""
        return self._program.stderr


@contextmanager
def client(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> Iterator[Client]:
    """Start the program with no controlling terminal; the end of its stdin ends it."""
    with staying(home, *words, environ=environ) as program:
        yield Client(program)
