"""Shows a notification on the desktop: over D-Bus (Desktop Notifications Specification), or by osascript on macOS."""

import subprocess
import sys
from html import escape

from mfasession.errors import ConfigurationError
from mfasession.programs.helper import Helper, how_ended
from mfasession.text import printable

SENDER = "mfasession"
_SECONDS = 5.0
"""For the desktop to take it."""
_HINT = "run it inside a desktop, or use: mfasession status --watch"
_AS_SERVER_CHOOSES = -1
"""The time that it stays on the screen."""
_SCRIPT = """\
on run words
  display notification (item 2 of words) with title (item 1 of words)
end run
"""


def show(title: str, text: str, platform: str = sys.platform) -> None:
    """Show one notification. Raises ConfigurationError where no desktop takes it."""
    title, text = printable(title), printable(text)
    if platform == "darwin":
        _by_osascript(title, text)
    else:
        _over_dbus(title, text)


def _over_dbus(title: str, text: str) -> None:
    from jeepney import DBusAddress, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    server = DBusAddress(
        "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "org.freedesktop.Notifications"
    )
    # The server may read markup in the body, so it is escaped; it reads none in the title.
    details = {"urgency": ("y", 1), "category": ("s", "presence")}
    actions: list[str] = []
    body = (SENDER, 0, "dialog-password", title, escape(text, quote=False), actions, details, _AS_SERVER_CHOOSES)
    try:
        with open_dbus_connection(bus="SESSION") as connection:
            call = new_method_call(server, "Notify", "susssasa{sv}i", body)
            answer = connection.send_and_get_reply(call, timeout=_SECONDS)
    except (OSError, KeyError, ValueError, TimeoutError) as error:
        raise ConfigurationError(f"no desktop to show a notification on: {_reason(error)}", _HINT) from None
    if answer.header.message_type != MessageType.method_return:
        said = answer.body[0] if answer.body and isinstance(answer.body[0], str) else "refused"
        raise ConfigurationError(f"no desktop to show a notification on: {printable(said)}", _HINT)


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return "DBUS_SESSION_BUS_ADDRESS is not set"
    return str(error) or type(error).__name__


def _by_osascript(title: str, text: str) -> None:
    # As arguments, which every user can read: neither holds a secret.
    helper = Helper(words=("osascript", "-e", _SCRIPT, title, text), advice=_HINT)
    status = helper.start(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()
    if status:
        raise ConfigurationError(f"osascript failed ({how_ended(status)}) and showed nothing", _HINT)
