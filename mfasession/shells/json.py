"""One JSON object (RFC 8259), null for unset. Importing Python's `json` costs half a bare interpreter's start."""

from mfasession.shells import Dialect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | {ord('"'): '\\"', ord("\\"): "\\\\"}


class Json(Dialect):
    """Any program that reads JSON."""

    is_file_format = True
    how_to = "COMMAND | jq ."

    def line(self, name: str, value: str | None) -> str:
        """Return one member of the object."""
        return f"  {string(name)}: {'null' if value is None else string(value)}"

    def text(self, values: "Mapping[str, str | None]") -> str:
        """Return the object."""
        members = ",\n".join(self.line(name, value) for name, value in values.items())
        return f"{{\n{members}\n}}\n"


def string(text: str) -> str:
    """Return a JSON string; only what RFC 8259, section 7, requires is escaped."""
    return '"' + text.translate(ESCAPES) + '"'


DIALECT = Json()
