"""What `doctor` looks for. Each file beside this one is one check, found by being there.

A check has a function `check(context)` that yields findings, and what it has seen. It may raise MfaSessionError when it
cannot be done: that is a finding as well, and the other checks go on. One that uses the network has `ASKS_AWS = True`.
`docs/doctor.md` has a heading for each finding, by its name.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from mfasession import config, plugins
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.profiles import is_chosen_by_itself
from mfasession.values import Value

if TYPE_CHECKING:
    from types import ModuleType

    from mfasession.sessions import Context

ERROR, WARNING = "error", "warning"
"""Something fails because of it; or it works, and not as it seems."""
NOT_CHECKED = "not-checked"
"""The name of the finding that a check could not be done."""
CIRCLE = "process-runs-itself"
"""The name of the finding of profiles that get their credentials from each other, and none has a key."""
_PAGE = "https://github.com/mfasession/mfasession/blob/main/docs/doctor.md"


class Fix(Protocol):
    """A change that `--fix` makes."""

    def diff(self) -> list[str]:
        """Return the change in lines for people, without secrets."""

    def make(self, environ: Mapping[str, str], /) -> None:
        """Make the change as it was shown, or none. Raises MfaSessionError."""


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
    fix: Fix | None = None
    """Does what the hint says, where that is safe."""

    @property
    def page(self) -> str:
        """The place in the documentation that explains it."""
        return f"{_PAGE}#{self.name}"


class Seen(Value):
    """What was looked at and is right, or cannot be wrong: for people, who see what was checked."""

    what: str
    """A few words, as in `clock`."""
    found: str


class Report(Value):
    """What all checks have found."""

    findings: tuple[Finding, ...] = ()
    """Errors first."""
    seen: tuple[Seen, ...] = ()


def names() -> tuple[str, ...]:
    """Return the names of all checks."""
    return plugins.names("setup.checks")


def report(context: "Context", *, offline: bool) -> Report:
    """Run all checks; with `offline`, those without the network. The files are read anew."""
    context.aws_files.reread()
    is_safe = _is_safe(context)
    if not is_safe:
        # The check of the files reports it, and the others say what else is wrong.
        context.aws_files.read_unsafe()
    # By their messages: several checks stop at the same file.
    found: dict[str, Finding] = {}
    seen: list[Seen] = []
    failures: list[MfaSessionError] = []
    for check in sorted(map(_check, names()), key=_asks_aws):
        if _asks_aws(check) and (offline or not is_safe):
            seen.append(
                Seen(what="AWS", found="not asked" if offline else "not asked: others may change the AWS files")
            )
            continue
        try:
            for each in check.check(context):
                if isinstance(each, Seen):
                    seen.append(each)
                else:
                    found.setdefault(each.message, each)
        except MfaSessionError as failure:
            failures.append(failure)
    for reason in failures:
        found.setdefault(reason.message, Finding(name=NOT_CHECKED, message=reason.message, hint=reason.hint))
    certain = [each for each in _causes(found.values()) if not _is_guess(context, each)]
    return Report(findings=tuple(sorted(certain, key=lambda each: each.severity != ERROR)), seen=tuple(seen))


def _causes(found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings without those that follow from a circle of `credential_process` lines: one for a profile."""
    listed = list(found)
    circles = {each.profile: each for each in reversed(listed) if each.name == CIRCLE}
    for each in listed:
        if each.name not in (CIRCLE, "profile-unusable") or circles.get(each.profile, each) is each:
            yield each


def _is_guess(context: "Context", finding: Finding) -> bool:
    """Whether it is about the profile `default` only because `config.toml`, which may name another, is broken."""
    about_default = finding.name in ("profile-unusable", "no-key") and finding.profile == "default"
    if not about_default or context.request.profile or context.config.path:
        return False
    try:
        config.load(context.environ)
    except ConfigurationError:
        # This package's own `profiles` is the check.
        return is_chosen_by_itself("default", context.environ, context.config)
    return False


def _is_safe(context: "Context") -> bool:
    """Whether commands read the AWS files; they refuse those that others may change."""
    try:
        context.aws_files.credentials_text()
        context.aws_files.config_text()
    except ConfigurationError:
        return False
    return True


def _asks_aws(check: "ModuleType") -> bool:
    return getattr(check, "ASKS_AWS", False)


def _check(name: str) -> "ModuleType":
    return import_module(f"{__name__}.{name}")
