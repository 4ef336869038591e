"""nushell: reads one JSON object, and allows a comment before it."""

from mfasession.shells import STOP
from mfasession.shells.json import Json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Nu(Json):
    """Its own `from json` stops at what is not a JSON object."""

    programs = ("nushell",)
    is_file_format = False
    guard = r'// "\" <#" ' + STOP.format(name="nushell") + " #"
    failure = "mfasession env failed with exit code {exit_code}"
    how_to = "COMMAND | from json | load-env"

    def text(self, values: "Mapping[str, str | None]") -> str:
        """Return the guard and the object."""
        return f"{self.guard}\n{super().text(values)}"


DIALECT = Nu()
