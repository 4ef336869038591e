"""What is fuzzed: one function a target, bytes in, an AssertionError or a foreign exception out when a promise breaks.

Run with random examples by test_fuzz_targets.py, and guided by coverage by fuzz.py.
"""

import configparser
import io
import marshal
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from botocore.configloader import build_profile_map

from mfasession import cli, config, durations, shells, timestamps
from mfasession.aws import translate
from mfasession.awsfiles import headers as awsfiles_headers
from mfasession.awsfiles import ini, ini_edit
from mfasession.commands import process
from mfasession.commands.status import Row, _record, _table
from mfasession.config import schema
from mfasession.errors import ConfigurationError, MfaSessionError, StoreError, UsageError
from mfasession.profiles import process_line
from mfasession.sessions import environment
from mfasession.sessions.state import State
from mfasession.stores import file as file_store
from mfasession.stores import keyring as keyring_store
from mfasession.stores import keyrings
from mfasession.stores.index import session_text
from mfasession.stores.keyrings import dbus, items
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.values import Session

MARK = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
"""Stands for a secret: no error may hold it."""
NOW = 1_795_456_800.0
"""A day in November 2026."""


def decoded(data: bytes) -> str:
    """The text as our files are read."""
    return data.decode("utf-8", "surrogateescape")


def check_quiet(text: str) -> None:
    """A text for users holds no secret."""
    assert MARK not in text


def check_error(error: MfaSessionError) -> None:
    """An error of ours shows no secret."""
    check_quiet(f"{error.message}{error.hint}{error!r}")


def fuzz_ini(data: bytes) -> None:
    """The reader agrees with `configparser`, one section with the whole, and an edit changes what it was asked to."""
    text = decoded(data) + f"\n[zz]\naws_secret_access_key = {MARK}\n"
    wanted = _configparsers(text)
    try:
        found = ini.parse(text)
    except ini.MalformedIni as fault:
        check_quiet(fault.reason)
        found = None
    if found is None:
        assert wanted is None or "\0" in text
        return
    assert found == wanted
    for name in found:
        assert ini.read_section(text, name) == found[name]
        _check_edit(text, name, found)


def fuzz_toml(data: bytes) -> None:
    """`config.toml` is entries that can be kept and built upon, or one ConfigurationError."""
    text = decoded(data)
    try:
        flat = schema.read("config.toml", text)
    except ConfigurationError as error:
        check_error(error)
        return
    config.build("config.toml", flat)
    config._keep(_place("kept"), "config.toml", text, flat)
    assert config._kept(_place("kept"), "config.toml", text) in (flat, None)
    _drop("kept")


def fuzz_kept(data: bytes) -> None:
    """Whatever stands in the cache, it is entries or nothing; marshal reads only what we have sealed."""
    entries = dict.fromkeys(((name,) for name in decoded(data).split("\x1e")), "text")
    for content in (data, config._sealed(marshal.dumps(("c", "text", entries), config._FORMAT))):
        _put("kept", content)
        kept = config._kept(_place("kept"), "c", "text")
        assert kept is None or isinstance(kept, dict)
    _drop("kept")


def fuzz_section(data: bytes) -> None:
    """A kept section is a session that every outlet can hand on, or none."""
    with suppress(ini.MalformedIni):
        for keys in ini.parse(decoded(data)).values():
            check_session(file_store._session(keys))
            full = dict.fromkeys(file_store._keys(_session()), "x") | keys
            check_session(file_store._session(full))


def fuzz_payload(data: bytes) -> None:
    """An item of the keyring is a session that every outlet can hand on, a key, or refused."""
    text = data.decode("utf-8", "replace")
    check_session(session_text.read(text))
    with suppress(StoreError):
        keyring_keys._key("key/default", {"key/default": text})


def fuzz_items(data: bytes) -> None:
    """Split items are read, replaced and removed whatever they hold, with a few questions to the keyring."""
    ring: Any = _Ring(data.decode("utf-8", "replace").split("\n"))
    keyrings.read(ring, "item")
    items._write(ring, "item", "new" * 1000)
    assert keyrings.read(ring, "item") == "new" * 1000
    assert items._delete(ring, "item")
    assert ring.questions < 400


def fuzz_dbus(data: bytes) -> None:
    """An answer of a bus is what was to come or a ValueError, however it is cut."""
    with suppress(ValueError):
        dbus.Answer(data).head()
    for read in (dbus.Answer.text, dbus.Answer.texts, dbus.Answer.after_variant, dbus.Answer.octets):
        with suppress(ValueError):
            read(dbus.Answer(data))


def fuzz_index(data: bytes) -> None:
    """The list of what is in the keyring is names, or reported as damaged."""
    _put("keyring.sessions", data)
    try:
        assert all(isinstance(name, str) for name in keyring_store.KeyringStore(_place("keyring.sessions")).sections())
    except StoreError as error:
        check_error(error)
    _drop("keyring.sessions")


def fuzz_state(data: bytes) -> None:
    """What is remembered is used or forgotten, whatever stands there, and can be written again."""
    _put("mfasession/state.toml", data)
    remembered = State({"XDG_STATE_HOME": _place(""), "HOME": _place("")})
    for serial in ("arn:aws:iam::123456789012:mfa/phone", "a", ""):
        remembered.device(serial)
        remembered.was_sent(serial, "123456")
        assert remembered.refused_at(serial, 1) >= 0
    remembered.record_sent("a", "123456")
    assert remembered.was_sent("a", "123456")
    _drop("mfasession/state.toml")


def fuzz_times(data: bytes) -> None:
    """Times and durations are read exactly, or refused by a ValueError."""
    text = decoded(data)
    with suppress(ValueError):
        seconds = timestamps.parse(text)
        assert timestamps.show(seconds).removesuffix("Z") == text.removesuffix("Z").removesuffix("+00:00")
    with suppress(ValueError):
        assert durations.parse(text) >= 0
        durations.show(durations.parse(text))


def fuzz_headers(data: bytes) -> None:
    """The profiles of a file are those that botocore sees, but for headers that only shlex, slowly, could read."""
    lines = decoded(data).replace("\r", "\n").split("\n")
    headers = [header for header in lines if 0 < len(header) <= awsfiles_headers._LONGEST]
    sections: dict[str, dict[str, str]] = {header: {"at": str(number)} for number, header in enumerate(headers)}
    theirs = build_profile_map({name: dict(keys) for name, keys in sections.items()})["profiles"]
    assert awsfiles_headers.profiles(sections) == {name: dict(keys) for name, keys in theirs.items()}
    for line in headers:
        process_line.served_by({"credential_process": line})


def fuzz_hits(data: bytes) -> None:
    """The short reader answers as the long one, or leaves it to it."""
    from mfasession.cli import arguments

    words = decoded(data).split("\n")
    options = cli.read_hit(words)
    if options is not None:
        assert options == arguments.parse(words).replace(typed=())
        return
    with suppress(UsageError, SystemExit), open(os.devnull, "w") as nowhere:
        from contextlib import redirect_stdout

        with redirect_stdout(nowhere):
            arguments.parse(words)


def fuzz_refusal(data: bytes) -> None:
    """Whatever AWS says, it is one of our errors."""
    operation, _, rest = data.decode("utf-8", "replace").partition("\n")
    code, _, text = rest.partition("\n")
    assert isinstance(translate.refusal(operation, code, text, now=NOW), MfaSessionError)


def fuzz_assuan(data: bytes) -> None:
    """Whatever a pinentry answers, it is a text or one of our errors, and it comes to an end."""
    from mfasession.codes.pinentry import _Dialog
    from mfasession.codes.question.background import Preparation

    reader, writer = os.pipe()
    os.write(writer, data[:60_000])
    os.close(writer)
    with Preparation(None) as preparation, os.fdopen(reader, "rb", 0) as stdout:
        dialog = _Dialog.__new__(_Dialog)
        dialog._name, dialog._preparation, dialog._unread = "pinentry", preparation, b""
        dialog._child = type("Child", (), {"stdout": stdout, "poll": lambda _: None})()
        with suppress(MfaSessionError):
            while True:
                dialog._response()


def fuzz_request(data: bytes) -> None:
    """Every request to the sandbox is answered as AWS would: it never falls over."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, _, target = first.partition(" ")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method or "GET",
        "RAW_URI": target or "/",
        "PATH_INFO": target.partition("?")[0] or "/",
        "HTTP_HOST": "127.0.0.1",
        "QUERY_STRING": target.partition("?")[2],
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    for line in lines:
        name, _, value = line.partition(":")
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.strip()
    statuses: list[str] = []
    list(_gate()(environ, lambda status, _headers: statuses.append(status)))
    assert statuses
    assert re.fullmatch(r"[34]\d\d .+", statuses[0]), statuses


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    name.removeprefix("fuzz_"): target for name, target in list(globals().items()) if name.startswith("fuzz_")
}


def check_session(session: Session | None) -> None:
    """A session that is taken can be shown, printed for every shell and handed to a program."""
    if session is None:
        return
    process.render(session)
    for shell in shells.names():
        try:
            os.fsencode(shells.render(shell, environment.variables(session, "default", {})))
        except ConfigurationError as error:
            check_error(error)
    row = Row(profile="default", section="default-mfa", store="file", session=session)
    _record(row, NOW)
    table = _table([row], NOW)
    assert all(char.isprintable() for char in table.replace("\n", ""))
    assert table.count("\n") == 2


class _Ring:
    """A keyring whose one item, and its parts, hold these texts; it counts what it is asked."""

    def __init__(self, texts: list[str]) -> None:
        self.items = {keyrings.part_item("item", number): text for number, text in enumerate(texts, 1)}
        self.questions = 0

    def get_password(self, _service: str, item: str) -> str | None:
        self.questions += 1
        return self.items.get(item)

    def set_password(self, _service: str, item: str, text: str) -> None:
        self.questions += 1
        self.items[item] = text

    def delete_password(self, _service: str, item: str) -> None:
        self.questions += 1
        del self.items[item]


def _session() -> Session:
    from tests.helpers.support import made_session

    return made_session()


def _configparsers(text: str) -> dict[str, dict[str, str]] | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_file(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")))
    except configparser.Error:
        return None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _check_edit(text: str, name: str, found: Mapping[str, Mapping[str, str]]) -> None:
    try:
        edited = ini_edit.set_section(text, name, {"manager": "mfasession", "region": None})
    except ValueError:
        return
    after = ini.parse(edited)
    assert _configparsers(edited) == after
    assert after[name]["manager"] == "mfasession"
    assert {key: value for key, value in after.items() if key != name} == {
        key: value for key, value in found.items() if key != name
    }


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="mfasession-fuzz-")


def _place(name: str) -> str:
    return os.path.join(_folder().name, name)


def _put(name: str, content: bytes) -> None:
    path = Path(_place(name))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)


def _drop(name: str) -> None:
    Path(_place(name)).unlink(missing_ok=True)


GATES: list[Any] = []
"""The sandbox's own WSGI callable, put here by whoever runs a sandbox in this process; else one is made."""


def _gate() -> Any:
    if not GATES:
        from mfasession.sandbox import Sandbox

        GATES.append(Sandbox()._server._server.app)
    return GATES[0]
