"""Frozen records and secrets that do not show."""

import copy
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.values import Secret, Value


class Point(Value):
    """A record with a default."""

    x: int
    y: int = 0


class Named(Point):
    """A record that inherits fields, and holds a secret."""

    name: str
    key: Secret = Secret("")


# Secrets


@given(st.text())
def test_a_secret_shows_only_when_asked(text: str) -> None:
    """`reveal` gives the text; no other rendering holds it."""
    secret = Secret(text)
    assert secret.reveal() == text
    assert {repr(secret), str(secret), f"{secret}", f"{secret!r}", "%s" % secret} == {"Secret(***)"}  # noqa: UP031
    assert repr([secret]) == "[Secret(***)]"


@given(st.text(), st.text())
def test_secrets_compare_by_their_text(one: str, other: str) -> None:
    """Equal texts, equal secrets, equal hashes; a secret is true when it holds something."""
    assert (Secret(one) == Secret(other)) is (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert bool(Secret(one)) is bool(one)


def test_a_secret_may_hold_bytes_that_are_no_utf_8() -> None:
    """A file is read with surrogateescape: a comparison neither fails nor puts the text into an exception."""
    assert Secret("s\udcff") == Secret("s\udcff")


def test_a_secret_equals_no_text() -> None:
    """Comparing with the bare text would invite to hold it."""
    assert Secret("s") != "s"
    assert {"s": 1}.get(Secret("s")) is None  # type: ignore[call-overload]


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_pickled(leak: object) -> None:
    """What pickles also writes to disk, and the exception does not quote."""
    assert callable(leak)
    secret = Secret("hid" + "den")
    with pytest.raises(TypeError, match="a secret is not pickled") as caught:
        leak(secret)
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


def test_a_secret_has_no_attributes_to_dump() -> None:
    """`vars`, which debuggers and loggers use, finds nothing."""
    assert not hasattr(Secret("hidden"), "__dict__")
    with pytest.raises(AttributeError):
        Secret("hidden").other = 1  # type: ignore[attr-defined]


# Values


def test_a_value_has_its_fields_and_defaults() -> None:
    """Own and inherited fields are set by keyword."""
    named = Named(x=1, name="n")
    assert (named.x, named.y, named.name, named.key) == (1, 0, "n", Secret(""))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Point needs x"),
        ({"y": 1}, "Point needs x"),
        ({"x": 1, "z": 2}, r"Point has no field \['z'\]"),
        ({"x": 1, "name": 2}, r"Point has no field \['name'\]"),
    ],
)
def test_missing_and_unknown_fields_are_errors(fields: dict[str, int], message: str) -> None:
    """As in a dataclass: a typing error never passes."""
    with pytest.raises(TypeError, match=message):
        Point(**fields)


def test_a_value_is_frozen() -> None:
    """Neither set nor deleted, known field or not."""
    point = Point(x=1)
    with pytest.raises(AttributeError, match="Point is frozen: x"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Point is frozen: z"):
        point.z = 2
    with pytest.raises(AttributeError, match="Point is frozen: x"):
        del point.x
    assert point.x == 1


@given(x=st.integers(), y=st.integers(), other=st.integers())
def test_values_compare_by_their_fields(x: int, y: int, other: int) -> None:
    """Same class, same fields: equal and of one hash."""
    assert Point(x=x, y=y) == Point(y=y, x=x)
    assert hash(Point(x=x, y=y)) == hash(Point(x=x, y=y))
    assert (Point(x=x, y=y) == Point(x=x, y=other)) is (y == other)
    assert len({Point(x=x, y=y), Point(x=x, y=y)}) == 1


def test_values_of_different_classes_differ() -> None:
    """A record is not its base's record."""
    assert Point(x=1) != Named(x=1, name="")
    assert Point(x=1) != (1, 0)


def test_a_default_counts_as_given() -> None:
    """A field left out equals the same field given its default."""
    assert Point(x=1) == Point(x=1, y=0)
    assert hash(Point(x=1)) == hash(Point(x=1, y=0))


def test_replace_makes_a_changed_copy() -> None:
    """The class and the other fields stay, and so does the original."""
    named = Named(x=1, name="n", key=Secret("s"))
    changed = named.replace(x=2)
    assert type(changed) is Named
    assert (changed.x, changed.name, changed.key) == (2, "n", Secret("s"))
    assert named.x == 1
    with pytest.raises(TypeError, match="has no field"):
        named.replace(other=1)


def test_a_value_shows_its_fields_and_no_secret() -> None:
    """What a log would hold."""
    assert repr(Named(x=1, name="n", key=Secret("hidden"))) == "Named(x=1, y=0, name='n', key=Secret(***))"
