"""The source of MFA codes: whether its program is there."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.setup.checks import Finding
from mfasession.text import printable

if TYPE_CHECKING:
    from mfasession.sessions import Context


def check(context: "Context") -> Iterator[Finding]:
    """Yield programs of `code = [...]` that are not found."""
    config = context.config
    for name, settings in (("", config.common), *config.profiles.items()):
        code = settings.code
        if not isinstance(code, str) and code and shutil.which(code[0]) is None:
            yield Finding(
                name="code-program-not-found",
                message=f"the code command in {config.path} runs {printable(code[0])}, which is not found",
                hint="install it, or give its whole path in config.toml",
                profile=name,
            )
