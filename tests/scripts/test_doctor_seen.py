"""What `mfasession doctor` says of what is right: the AWS CLI, found without a start of it, and the terminal."""

import re
from pathlib import Path

import pytest

from tests.helpers.seat import APART, seat
from tests.helpers.support import MFASESSION, Home, key_pair

NIX = "store/0123456789abcdfghijklmnpqrsvwxyz-awscli2-2.15.0"
NO_LOGIN = ", which has no aws login (2.32)"
LAYOUTS = {
    "the official installer": ("aws-cli/v2/2.15.0/bin/aws", "", f"2.15.0 at {{path}}{NO_LOGIN}"),
    "Homebrew": ("Cellar/awscli/2.33.1/bin/aws", "", "2.33.1 at {path}"),
    "Homebrew, built again": ("Cellar/awscli/2.33.1_1/bin/aws", "", "2.33.1 at {path}"),
    "Nix": (f"{NIX}/bin/aws", "", f"2.15.0 at {{path}}{NO_LOGIN}"),
    "pip": (
        "venv/bin/aws",
        "venv/lib/python3.12/site-packages/awscli-1.40.2.dist-info",
        "1.40.2 at {path}, which has no aws login and no aws configure export-credentials",
    ),
    "Debian": ("usr/bin/aws", "usr/lib/python3/dist-packages/awscli-2.33.0.dist-info", "2.33.0 at {path}"),
    "something else": ("opt/aws", "", "unknown version at {path}"),
}


def seen(home: Home) -> dict[str, str]:
    """The lines of what was looked at, each in one line."""
    home.write_credentials(key_pair())
    report = home.run("doctor", "--offline").stdout
    return dict(re.findall(r"^(\S+(?: \S+)*)  +(\S.*)$", re.sub(r"\n  +", " ", report), re.MULTILINE))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_version_of_the_aws_cli(home: Home, tmp_path: Path, layout: str) -> None:
    """By the folders that it is in; the program here would leave a trace."""
    program, package, expected = LAYOUTS[layout]
    real = tmp_path / program
    real.parent.mkdir(parents=True)
    real.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    real.chmod(0o755)
    if package:
        (tmp_path / package).mkdir(parents=True)
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "aws").symlink_to(real)
    home.environ["PATH"] = f"{tmp_path / 'first'}:{home.environ['PATH']}"
    assert seen(home)["AWS CLI"] == expected.format(path="~/first/aws")
    assert not (tmp_path / "started").exists()


def test_no_aws_cli(home: Home) -> None:
    """No finding: nothing here needs it."""
    home.environ["PATH"] = str(home.folder)
    home.write_credentials(key_pair())
    done = home.run("doctor", "--offline")
    assert done.returncode == 0
    assert "AWS CLI      not on the PATH (mfasession does not need it)\n" in done.stdout


def test_no_terminal(home: Home) -> None:
    """As under cron: no code can be asked for."""
    assert seen(home)["terminal"] == "none: no code can be asked for here; log in at a terminal first"


def test_an_encoding_without_most_characters(home: Home) -> None:
    """What is shown instead."""
    home.environ |= {"PYTHONIOENCODING": "latin-1"}
    assert seen(home)["encoding"] == "iso8859-1: other characters are shown as \\x..; UTF-8 shows all"


@pytest.mark.parametrize(
    ("name", "shown"), [("xterm", "xterm"), ("dumb", "TERM=dumb: the question for a code is a plain line")]
)
def test_a_terminal(home: Home, name: str, shown: str) -> None:
    """Its kind, and what follows for questions."""
    home.write_credentials(key_pair())
    with seat(home, *APART, MFASESSION, "doctor", "--offline", environ={"TERM": name}) as sitting:
        sitting.end()
    assert re.search(rf"^terminal +{re.escape(shown)}$", (home.folder / "out").read_text(), re.MULTILINE)
