"""The files of docs/organisation: what the programs that they are for say of them."""

from pathlib import Path

import pytest
from cfnlint import api as cfnlint

pytestmark = pytest.mark.checkout
FILES = Path(__file__).parents[3] / "docs/organisation"
TEMPLATES = sorted(path for path in FILES.glob("*.yaml") if "AWSTemplateFormatVersion" in path.read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_cfn_lint_finds_nothing(template: Path) -> None:
    """Neither an error nor a warning."""
    problems = [match for match in cfnlint.lint_all(template.read_text()) if not match.rule.id.startswith("I")]
    assert [f"{match.linenumber}: {match}" for match in problems] == []
