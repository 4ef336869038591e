"""What an edit of a large AWS file costs, in instructions: the same on every machine that has the same Python."""

import sys

from tests.helpers.support import MFASESSION, Home, key_pair, session_section
from tests.scripts.test_instructions import clean, instructions

SECTIONS = 20_000
EDIT = 100
"""Instructions for a byte of the file that an edit may take. To classify every line takes 600."""
LOGOUT = 210
"""The same for the whole command, which also lists the sessions that are there."""
PROGRAM = """
import sys
from mfasession.awsfiles import ini_edit
text = open(sys.argv[1]).read()
if sys.argv[2:]:
    edited = ini_edit.set_section(text, "p7", {"new": "1", "aws_secret_access_key": None})
    assert "AKIAIOSFODNN7EXAMPLE\\nnew = 1" in edited
"""


def file_of_many(home: Home) -> int:
    """Write a credentials file with many sections and a session; return its size in bytes."""
    clean(home)
    many = "".join(key_pair(f"p{number}") for number in range(SECTIONS))
    home.write_credentials(key_pair() + many + session_section())
    return home.credentials.stat().st_size


def test_an_edit_classifies_its_section_alone(home: Home) -> None:
    """The rest of the text is checked a kind of section at a time."""
    size = file_of_many(home)
    words = (sys.executable, "-c", PROGRAM, str(home.credentials))
    taken = instructions(home, *words, "edit") - instructions(home, *words)
    assert taken / size <= EDIT, f"{taken} instructions for {size} bytes: {taken / size:.0f}"


def test_a_logout_reads_a_large_file_few_times(home: Home) -> None:
    """Against a file of two sections."""
    size = file_of_many(home)
    large = instructions(home, sys.executable, MFASESSION, "logout")
    home.write_credentials(key_pair() + session_section())
    taken = large - instructions(home, sys.executable, MFASESSION, "logout")
    assert taken / size <= LOGOUT, f"{taken} instructions for {size} bytes: {taken / size:.0f}"
