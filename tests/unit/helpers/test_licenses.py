"""The licences that are listed are those of the packages, and the one-file program has no other than is allowed."""

from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.licenses import canonicalize_license_expression

from packages import licenses, pins

pytestmark = pytest.mark.checkout
PARTS = ("program", "sandbox")
WORDS = {
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Apache License 2.0": "Apache-2.0",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
}
"""What some packages say in place of an SPDX expression. Which BSD licence it is was read in their licence files."""


def named(name: str) -> str:
    """What an installed package says of its licence; "" for one that another Python or system needs."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return ""
    # Some packages put the whole text there.
    fields = [about[field] for field in ("License-Expression", "License") if field in about and len(about[field]) < 100]
    classifiers = [each for each in about.get_all("Classifier") or () if each.startswith("License")]
    found = (fields or [" OR ".join(each.rpartition(" :: ")[2] for each in classifiers)])[0].strip()
    return WORDS.get(found, found)


@pytest.mark.parametrize("part", PARTS)
def test_the_list_says_what_the_packages_say(part: str) -> None:
    """Each that is installed here, by its metadata; all as SPDX writes them."""
    listed = licenses.listed(part)
    here = {name: said for name in listed if (said := named(name))}
    assert len(here) > len(listed) * 0.7
    assert {name: listed[name] for name in here} == here
    assert all(canonicalize_license_expression(each) == each for each in listed.values())


def test_the_list_is_complete() -> None:
    """Every package of the program and of the sandbox is in it, and nothing else that the lock does not have."""
    lock = pins.locked(pins.LOCK.read_text())
    program, sandbox = ({*licenses.listed(part)} for part in PARTS)
    assert {pin.name for pin in pins.of_the_program()} <= program <= set(lock)
    with_sandbox = {pin.name for pin in pins.installed_by("mfasession", ("sandbox",), lock)}
    assert with_sandbox - program <= sandbox <= set(lock)
    assert not program & sandbox


def test_the_program_has_allowed_licences() -> None:
    """What the one-file program holds may be passed on."""
    assert licenses.refused(pin.name for pin in pins.of_the_program()) == []


@pytest.mark.parametrize(
    ("license_id", "is_refused"),
    [
        ("MIT", False),
        ("GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", False),
        ("MIT AND Apache-2.0", False),
        ("MIT AND MPL-2.0", True),
        ("(MIT)", True),
    ],
)
def test_another_licence_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, license_id: str, *, is_refused: bool
) -> None:
    """So is a package that is not listed."""
    monkeypatch.setattr(licenses, "FILE", tmp_path / "licenses.toml")
    licenses.FILE.write_text(f'[program]\n"{license_id}" = ["one"]\n')
    assert licenses.refused(["one", "two"]) == [*([f"one: {license_id}"] if is_refused else []), "two: not listed"]
