"""CHANGELOG.md has the form of Keep a Changelog, and a release keeps it."""

from datetime import date

import pytest

from packages import changelog
from packages.changelog import CHANGELOG, released, releases

pytestmark = pytest.mark.checkout
DAY = date(2026, 12, 1)
SMALL = """# Changelog

## [Unreleased]

### Added

- One thing, in a line
  and another.

[Unreleased]: https://github.com/mfasession/mfasession/commits/main
"""


def test_the_changelog_has_the_form() -> None:
    """Versions with their days, newest first, and the six kinds of change."""
    releases(CHANGELOG.read_text())


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ("## [Unreleased]", "## Unreleased", "does not begin"),
        ("### Added", "### New", "not of Added"),
        ("### Added\n\n- One", "### Fixed\n\n- A\n\n### Added\n\n- One", "not of Added"),
        ("### Added\n\n- One", "### Added\n\n- A\n\n### Added\n\n- One", "not of Added"),
        ("### Added\n\n", "", "under no kind"),
        ("  and another.", "and another.", "not a list alone: Added"),
        ("- One thing, in a line\n  and another.\n", "", "not a list alone: Added"),
        ("\n[Unreleased]: ", "\n## [0.1.0]\n\n[Unreleased]: ", "not a version with its day"),
        ("\n[Unreleased]: ", "\n## [0.1.0] - 2026-13-01\n\n[Unreleased]: ", "month must be"),
        ("\n[Unreleased]: ", "\n## [0.1.0] - 2026-12-01\n\n[Unreleased]: ", r"differ: 0\.1\.0"),
    ],
)
def test_another_form_is_refused(right: str, wrong: str, why: str) -> None:
    """The check of the form can fail."""
    assert releases(SMALL) == []
    with pytest.raises(ValueError, match=why):
        releases(SMALL.replace(right, wrong, 1))


def test_a_release_takes_what_is_unreleased() -> None:
    """The version gets the lines and the day; what is unreleased is empty, and can be released when it has a line."""
    first = released(SMALL, "0.1.0", DAY)
    assert [(each.version, each.day) for each in releases(first)] == [((0, 1, 0), "2026-12-01")]
    assert "- One thing, in a line\n  and another." in releases(first)[0].text
    with pytest.raises(ValueError, match="nothing is unreleased"):
        released(first, "0.1.1", DAY)
    more = first.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- Another.\n")
    second = released(more, "0.1.1", DAY)
    assert [each.version for each in releases(second)] == [(0, 1, 1), (0, 1, 0)]
    assert "[0.1.1]: https://github.com/mfasession/mfasession/compare/v0.1.0...v0.1.1\n" in second
    with pytest.raises(ValueError, match=r"0\.1\.0 stands below 0\.0\.9"):
        released(more, "0.0.9", DAY)


def test_the_real_one_can_be_released() -> None:
    """What stands in CHANGELOG.md now becomes a version without an edit by hand."""
    text = changelog.CHANGELOG.read_text()
    assert releases(released(text, "99.0.0", date.max))[0].version == (99, 0, 0)
