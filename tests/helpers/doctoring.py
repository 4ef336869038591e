"""What `mfasession doctor` finds, and that all it prints of it holds."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from tests.helpers import hinted
from tests.helpers.support import Home

PAGE = "https://github.com/mfasession/mfasession/blob/main/docs/doctor.md"


def found(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The names of what is found without the network."""
    return [each["name"] for each in records(home, "--offline", *words, environ=environ)]


def found_online(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The names of what is found, AWS's answers among it."""
    return [each["name"] for each in records(home, *words, environ=environ)]


def records(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """What is found, as `--json` prints it; the form for people says the same, and no file is changed."""
    before = {path: path.read_bytes() for path in home.aws.iterdir() if path.is_file() and os.access(path, os.R_OK)}
    done = home.run("doctor", "--json", *words, environ=environ)
    listed: list[dict[str, Any]] = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1 if listed else 0, ""), done.stderr
    assert all(each["hint"] and each["page"] == f"{PAGE}#{each['name']}" for each in listed), listed
    shown = home.run("doctor", *words, environ=environ)
    assert shown.returncode == done.returncode, shown.stderr
    assert not hinted.faults(("doctor", *words), shown.stdout)
    pages = re.findall(rf"^  more: {PAGE}#(.*)$", shown.stdout, re.MULTILINE)
    assert pages == [each["name"] for each in listed]
    in_one_line = _timeless(shown.stdout)
    assert all(f"{each['severity']}: {_timeless(each['message'])}" in in_one_line for each in listed)
    assert all(path.read_bytes() == content for path, content in before.items())
    return listed


def _timeless(text: str) -> str:
    """A text in one line and without its seconds: clocks go on between two looks."""
    return re.sub(r"\b\d+ s\b", "some s", " ".join(text.split()))
