"""What a hit says over D-Bus is held, byte for byte, to jeepney; what it hears is what jeepney says, or refused."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jeepney.low_level import HeaderFields, Message
from jeepney.wrappers import DBusAddress, new_error, new_method_call, new_method_return, new_signal

from mfasession.stores.keyrings import dbus, secret_service
from mfasession.stores.keyrings.dbus import NO_AUTO_START, Answer, Body, Refused, request
from mfasession.stores.keyrings.time_limit import SILENCE, NotAnswered
from tests.helpers.patience import scaled

SECRETS = "org.freedesktop.secrets"
SERVICE = "/org/freedesktop/secrets"
COLLECTION = f"{SERVICE}/collection/login"
ITEM = f"{COLLECTION}/7"
SESSION = f"{SERVICE}/session/s1"
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
paths = st.from_regex(r"(/[A-Za-z0-9_]{1,12}){1,5}", fullmatch=True)


def by_jeepney(
    serial: int, path: str, interface: str, method: str, signature: str, values: tuple[object, ...]
) -> bytes:
    """The same request in jeepney's own bytes."""
    bus_name = SECRETS if interface.startswith("org.freedesktop.Secret.") else "org.freedesktop.DBus"
    message = new_method_call(DBusAddress(path, bus_name, interface), method, signature or None, values)
    message.header.flags = NO_AUTO_START if bus_name == SECRETS else 0
    data: bytes = message.serialise(serial=serial)
    return data


def test_hello_is_jeepneys() -> None:
    """The first request of a connection, to the bus itself."""
    bus = "org.freedesktop.DBus"
    ours = request(1, 0, ("/org/freedesktop/DBus", bus, bus, "Hello"), Body())
    assert ours == by_jeepney(1, "/org/freedesktop/DBus", bus, "Hello", "", ())


@given(serial=st.integers(1, 2**32 - 1), path=paths, service=texts, username=texts)
@example(serial=5, path=COLLECTION, service="mfasession", username="session/default-mfa")
@example(serial=5, path=COLLECTION, service="", username="session/größe-mfa")
def test_requests_are_jeepneys(serial: int, path: str, service: str, username: str) -> None:
    """All four requests of a hit, for every name, path and alignment."""
    prefix = "org.freedesktop.Secret."
    pairs = {"service": service, "username": username}
    for body, interface, method, signature, values in (
        (Body("s").text(username), "Service", "ReadAlias", "s", (username,)),
        (Body("sv").text(service).variant(username), "Service", "OpenSession", "sv", (service, ("s", username))),
        (Body().pairs(pairs), "Collection", "SearchItems", "a{ss}", (pairs,)),
        (Body("o").text(path), "Item", "GetSecret", "o", (path,)),
    ):
        ours = request(serial, NO_AUTO_START, (path, SECRETS, prefix + interface, method), body)
        assert ours == by_jeepney(serial, path, prefix + interface, method, signature, values)


def answered(serial: int, signature: str, values: tuple[object, ...]) -> bytes:
    """An answer in jeepney's bytes, as a bus passes it on."""
    call = new_method_call(DBusAddress("/a", "a.b", "a.b"), "M")
    call.header.serial = serial
    call.header.fields[HeaderFields.sender] = ":1.7"
    message = new_method_return(call, signature, values)
    message.header.fields[HeaderFields.sender] = ":1.2"
    data: bytes = message.serialise(serial=serial + 1)
    return data


@given(serial=st.integers(1, 2**31), found=st.lists(paths, max_size=5), secret=texts, octets=st.binary(max_size=20))
def test_answers_of_jeepney_are_read(serial: int, found: list[str], secret: str, octets: bytes) -> None:
    """Each of the four kinds of answers."""
    answer = Answer(answered(serial, "o", (SESSION,)))
    assert answer.head() == (2, serial, "o")
    assert answer.text() == SESSION
    for variant in (("s", secret), ("ay", octets)):
        answer = Answer(answered(serial, "vo", (variant, SESSION)))
        assert answer.head() == (2, serial, "vo")
        assert answer.after_variant().text() == SESSION
    answer = Answer(answered(serial, "ao", (found,)))
    assert answer.head() == (2, serial, "ao")
    assert answer.texts() == found
    answer = Answer(answered(serial, "(oayays)", ((SESSION, octets, secret.encode(), "text/plain"),)))
    assert answer.head() == (2, serial, "(oayays)")
    assert secret_service._secret(answer) == secret


@given(data=st.data())
def test_a_damaged_answer_is_refused(data: st.DataObject) -> None:
    """Cut at any point, or with any byte changed: a ValueError or a text, and no endless loop."""
    whole = answered(3, "(oayays)", ((SESSION, b"", b"secret", "text/plain"),))
    end = data.draw(st.integers(0, whole.index(b"secret") + len(b"secret") - 1))
    with pytest.raises(ValueError):  # noqa: PT011  # it has no text: what came may be a secret
        read_secret(whole[:end])
    at, octet = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255))
    with suppress(ValueError):
        assert isinstance(read_secret(whole[:at] + bytes([octet]) + whole[at + 1 :]), str)


def read_secret(message: bytes) -> str:
    """The text in an answer to GetSecret."""
    answer = Answer(message)
    answer.head()
    return secret_service._secret(answer)


Reply = Callable[[Message], list[bytes]]


@contextmanager
def bus(folder: Path, reply: Reply, *, greeting: bytes = b"OK 1234\r\n") -> Iterator[str]:
    """A bus that answers each request as `reply` says, in pieces; yields its address."""
    from jeepney.low_level import Parser

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb", buffering=0) as lines:
            begun = b""
            while not begun.endswith(b"\r\n"):
                begun += lines.read(1) or b"\r\n"
            connection.sendall(greeting)
            if not greeting.startswith(b"OK") or connection.recv(7) != b"BEGIN\r\n":
                return
            parser = Parser()
            while data := connection.recv(4096):
                parser.add_data(data)
                while (message := parser.get_next_message()) is not None:
                    for piece in reply(message):
                        connection.sendall(piece)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            serve(connection)

    path = str(folder / "bus%1")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"tcp:host=a;unix:guid=1,path={path.replace('%', '%25')}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(scaled(30))


ANSWERS: dict[str, tuple[str, tuple[object, ...]]] = {
    "Hello": ("s", (":1.7",)),
    "ReadAlias": ("o", (COLLECTION,)),
    "OpenSession": ("vo", (("s", ""), SESSION)),
    "SearchItems": ("ao", ([ITEM],)),
    "GetSecret": ("(oayays)", ((SESSION, b"", b"the text", "text/plain"),)),
}


def good(message: Message) -> bytes:
    """What a Secret Service answers."""
    return answered(message.header.serial, *ANSWERS[message.header.fields[HeaderFields.member]])


def signal() -> bytes:
    """What a bus says of itself in between."""
    message = new_signal(
        DBusAddress("/org/freedesktop/DBus", None, "org.freedesktop.DBus"), "NameAcquired", "s", ("a",)
    )
    data: bytes = message.serialise(serial=9)
    return data


def looked(address: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What the reader finds on that bus."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with secret_service.SecretService() as service:
        return service.get_password("mfasession", "session/default-mfa")


def instead(method: str, reply: bytes | tuple[str, tuple[object, ...]]) -> Reply:
    """As a Secret Service, but for one method: other bytes, or another signature and values."""

    def answer(message: Message) -> list[bytes]:
        if message.header.fields[HeaderFields.member] != method:
            return [good(message)]
        return [reply if isinstance(reply, bytes) else answered(message.header.serial, *reply)]

    return answer


def error(message: Message) -> list[bytes]:
    """An error for each request but the first."""
    if message.header.fields[HeaderFields.member] == "Hello":
        return [good(message)]
    data: bytes = new_error(_sent(message), "a.b.Error", "s", ("x",)).serialise(serial=9)
    return [data]


def _sent(message: Message) -> Message:
    message.header.fields.setdefault(HeaderFields.sender, ":1.7")
    return message


WHOLE: dict[str, Reply] = {
    "in one piece": lambda message: [good(message)],
    "byte by byte": lambda message: [bytes([each]) for each in good(message)],
    "after a signal": lambda message: [signal() + good(message)],
    "before a signal": lambda message: [good(message) + signal()],
}


@pytest.mark.parametrize("reply", WHOLE.values(), ids=WHOLE)
def test_an_item_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply) -> None:
    """However the bytes arrive, and whatever else the bus says."""
    with bus(tmp_path, reply) as address:
        assert looked(address, monkeypatch) == "the text"


BIG_ENDIAN = b"B\2\1\1" + bytes(60)
TOO_LONG = b"l\2\1\1\xff\xff\xff\x7f\1\0\0\0\0\0\0\0" + bytes(60)
UNCERTAIN: dict[str, Reply] = {
    "an error": error,
    "another endianness": instead("ReadAlias", BIG_ENDIAN),
    "an endless answer": instead("SearchItems", TOO_LONG),
    "another signature": instead("GetSecret", ("s", ("no item",))),
    "no default collection": instead("ReadAlias", ("o", ("/",))),
    "a text that is none": instead("GetSecret", ("(oayays)", ((SESSION, b"", b"\xff", "text/plain"),))),
}


@pytest.mark.parametrize("reply", UNCERTAIN.values(), ids=UNCERTAIN)
def test_all_else_is_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply) -> None:
    """Nothing certain: the `keyring` package is asked."""
    with bus(tmp_path, reply) as address, pytest.raises(secret_service.NotRead):
        looked(address, monkeypatch)


@pytest.mark.parametrize("greeting", [b"REJECTED EXTERNAL\r\n", b"x" * 10_000 + b"\r\n"], ids=["refused", "endless"])
def test_a_bus_that_does_not_let_us_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, greeting: bytes) -> None:
    """As without a bus."""
    with bus(tmp_path, error, greeting=greeting) as address, pytest.raises(secret_service.NotRead):
        looked(address, monkeypatch)


@pytest.mark.parametrize("address", ["", "tcp:host=127.0.0.1,port=1", "unix:runtime=yes", "unix:path", "unix:path=%zz"])
def test_an_address_of_another_kind(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Nothing is connected to."""
    with pytest.raises(secret_service.NotRead):
        looked(address, monkeypatch)


def test_the_addresses_of_a_bus() -> None:
    """A file, or a name without one; percent signs as in the D-Bus specification."""
    assert dbus._address("unix:path=/run/user/1000/bus,guid=1") == "/run/user/1000/bus"
    assert dbus._address("unix:abstract=/tmp/dbus%2dX%25") == "\0/tmp/dbus-X%"
    with pytest.raises(Refused):
        dbus._address("launchd:env=X")


def test_a_service_that_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is that of every keyring."""
    silent = instead("GetSecret", b"l")
    with bus(tmp_path, silent) as address, pytest.raises(NotAnswered) as caught:
        looked(address, monkeypatch)
    assert caught.value.within == SILENCE
