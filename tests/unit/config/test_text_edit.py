"""One key of a TOML text changes, and nothing else."""

import tomllib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfasession.config import text_edit

TEXT = """\
# mine
store = "file"   # behind
code = { command = [
  "a]", 'b#"', # inside
] }

long = \"\"\"
[profiles.no]
x = 1
\"\"\"\"
\t[ profiles . "a.b" ]  # its table
duration = '1h'

# the last
[profiles.work]
"""


def test_the_statements() -> None:
    """Strings and lists over several lines are one statement, and what stands in a string is none."""
    found = text_edit.statements(TEXT)
    assert [(each.path, each.line) for each in found] == [
        (("store",), 2),
        (("code",), 3),
        (("long",), 7),
        (("profiles", "a.b"), 11),
        (("profiles", "a.b", "duration"), 12),
        (("profiles", "work"), 15),
    ]
    assert [TEXT[each.value : each.value_end] for each in found if not each.is_header] == [
        '"file"',
        '{ command = [\n  "a]", \'b#"\', # inside\n] }',
        '"""\n[profiles.no]\nx = 1\n""""',
        "'1h'",
    ]


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("store",), "", 'store = "x"\n'),
        (("store",), "# mine", '# mine\nstore = "x"\n'),
        (("store",), 'duration = 1\nstore="a" # b\r\n', 'duration = 1\nstore="x" # b\r\n'),
        (("store",), "duration = 1\n\n[profiles.a]\n", 'duration = 1\nstore = "x"\n\n[profiles.a]\n'),
        (("store",), "duration = 1", 'duration = 1\nstore = "x"\n'),
        (("store",), "# mine\n\n# its\n[profiles.a]\n", '# mine\n\nstore = "x"\n\n# its\n[profiles.a]\n'),
        (("store",), "# its\r\n[profiles.a]\r\n", 'store = "x"\r\n\r\n# its\r\n[profiles.a]\r\n'),
        (
            ("profiles", "a", "store"),
            "[profiles.a]\nduration = 1\n\n# b\n[profiles.b]\n",
            '[profiles.a]\nduration = 1\nstore = "x"\n\n# b\n[profiles.b]\n',
        ),
        (("profiles", "a", "store"), "[profiles.a]", '[profiles.a]\nstore = "x"\n'),
        (("profiles", "a", "store"), 'profiles.a.store = "y"\n', 'profiles.a.store = "x"\n'),
        (("profiles", "a b", "store"), "x = 1\n", 'x = 1\n\n[profiles."a b"]\nstore = "x"\n'),
        (("profiles", "a", "store"), "x = 1", 'x = 1\n\n[profiles.a]\nstore = "x"\n'),
    ],
)
def test_setting(path: text_edit.Path, before: str, after: str) -> None:
    """In place where the key is there, behind the others of its table where it is not."""
    assert text_edit.with_value(before, path, "x") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a\nstore = 1 # b\n# c\n", "# a\n# c\n"),
        ("store = [\n 1,\n]\nx = 1", "x = 1"),
        ("x = 1\r\nstore = 1", "x = 1\r\n"),
        ("x = 1\n", "x = 1\n"),
    ],
)
def test_removing(before: str, after: str) -> None:
    """The lines of the key go, and its comment on the same line."""
    assert text_edit.without(before, ("store",)) == after


NAMES = st.sampled_from(["a", "b", "c d", "e.f", 'g"h', "i'j", "[k]", "#l", ""])
VALUES = st.one_of(
    st.text(max_size=8), st.integers(), st.lists(st.text(max_size=4), max_size=3), st.just({"command": ["x", "y#"]})
)
TABLES = st.dictionaries(NAMES, VALUES, max_size=4)


@settings(max_examples=50)
@given(TABLES, st.dictionaries(NAMES, TABLES, max_size=3), NAMES, NAMES, VALUES)
def test_any_key_of_any_file(common: Any, profiles: Any, profile: str, key: str, value: Any) -> None:
    """Read by tomllib: the key has its value, and all other keys have theirs; without it, the text is as before."""
    text = lines(common) + "".join(
        f"\n[profiles.{text_edit.literal_key(name)}] # its\n{lines(table)}" for name, table in profiles.items()
    )
    for path in ((key,), ("profiles", profile, key)):
        wanted = deepcopy({**common, "profiles": profiles})
        table = wanted if len(path) == 1 else wanted["profiles"].setdefault(profile, {})
        is_new = key not in table and profile in profiles
        table[key] = value
        after = text_edit.with_value(text, path, value)
        assert {"profiles": {}, **tomllib.loads(after)} == wanted
        if is_new:
            assert text_edit.without(after, path).strip() == text.strip()


def lines(table: Any) -> str:
    """The keys of a table, each with a comment."""
    return "".join(f"{text_edit.literal_key(name)} = {text_edit.literal(each)}  # it\n" for name, each in table.items())
