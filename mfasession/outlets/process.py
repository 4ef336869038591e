"""What `credential_process` answers (AWS SDKs and Tools Reference Guide, "Process credential provider", version 1)."""

from mfasession import timestamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.model import Session


def render(session: "Session") -> str:
    """Return the one JSON object, with Expiration in RFC 3339 and Z, and a newline."""
    fields = {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key.reveal(),
        "SessionToken": session.session_token.reveal(),
        "Expiration": timestamps.show(session.expires),
    }
    members = ", ".join(f'"{name}": {_text(value)}' for name, value in fields.items())
    return f'{{"Version": 1, {members}}}\n'


def _text(value: str) -> str:
    # Importing `json` costs half as much as the interpreter; credentials are plain ASCII, which needs no escapes.
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    import json

    return json.dumps(value)
