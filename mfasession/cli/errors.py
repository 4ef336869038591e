"""Errors of the command line that are reported in a form of their own."""

from mfasession.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class ChoiceNeeded(UsageError):
    """A command or an action is missing. `choices`: those that there are, and what each does."""

    def __init__(self, message: str, hint: str, choices: "Mapping[str, str]") -> None:
        super().__init__(message, hint)
        self.choices = choices
