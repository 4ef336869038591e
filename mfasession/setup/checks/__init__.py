"""What `doctor` looks for. Each file beside this one is one check, found by being there.

A check has a function `check(context)` that yields findings. It may raise MfaSessionError when it cannot be done:
that is a finding as well, and the other checks go on. `docs/doctor.md` has a heading for each finding, by its name.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from mfasession import plugins
from mfasession.errors import MfaSessionError
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.sessions import Context

ERROR, WARNING = "error", "warning"
"""Something fails because of it; or it works, and not as it seems."""
NOT_CHECKED = "not-checked"
"""The name of the finding that a check could not be done."""
_PAGE = "docs/doctor.md"


class Finding(Value):
    """One thing that is wrong, as it is shown and as `--json` prints it."""

    name: str
    """Stable, in lower case with dashes: scripts compare it, and the page has a heading for it."""
    message: str
    """One sentence without its full stop, without a secret."""
    hint: str = ""
    """The command that fixes it."""
    severity: str = ERROR
    profile: str = ""
    """Empty for what concerns every profile."""
    fix: Callable[[], None] | None = None
    """Does what the hint says, where that is safe. Raises MfaSessionError."""

    @property
    def page(self) -> str:
        """The place in the documentation that explains it."""
        return f"{_PAGE}#{self.name}"


def names() -> tuple[str, ...]:
    """Return the names of all checks."""
    return plugins.names("setup.checks")


def findings(context: "Context") -> list[Finding]:
    """Return what all checks find, errors first. The files are read anew."""
    context.aws_files.reread()
    # By their messages: several checks stop at the same file.
    found: dict[str, Finding] = {}
    failures: list[MfaSessionError] = []
    for name in names():
        try:
            for each in _check(name)(context):
                found.setdefault(each.message, each)
        except MfaSessionError as failure:
            failures.append(failure)
    for reason in failures:
        found.setdefault(reason.message, Finding(name=NOT_CHECKED, message=reason.message, hint=reason.hint))
    return sorted(found.values(), key=lambda each: each.severity != ERROR)


def _check(name: str) -> "Callable[[Context], Iterator[Finding]]":
    check: Callable[[Context], Iterator[Finding]] = import_module(f"{__name__}.{name}").check
    return check
