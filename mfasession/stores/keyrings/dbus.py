"""Method calls over D-Bus, as few of its types as a hit in the Secret Service needs, on `_socket` alone.

On that path importing jeepney costs twice a bare Python. A contract test holds each request to jeepney's.

Source: D-Bus Specification, freedesktop.org. All numbers are little endian.
"""

import os

from mfasession.stores.keyrings.time_limit import LOOK, Wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

NO_AUTO_START = 2
"""The flag of a call that starts no service."""
_BUS = "org.freedesktop.DBus"
_METHOD_CALL, _METHOD_RETURN = 1, 2
_PATH, _INTERFACE, _MEMBER, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 5, 6, 8
"""Types of messages, and fields of their headers (Message Protocol)."""
_LONGEST_MESSAGE = 1_048_576
"""Bytes of an answer; the text of an item is a few thousand."""
_LONGEST_LINE = 4_096


class Refused(Exception):
    """The bus, or whom it asked, answered something else than was asked for."""


class Body:
    """The values of a request, one after the other (D-Bus Specification, Marshaling; little endian)."""

    def __init__(self, signature: str = "") -> None:
        self.signature = signature
        self.data = b""

    def text(self, value: str) -> "Self":
        """Add a string or an object path."""
        data = value.encode()
        self.data = _padded(self.data, 4) + _number(len(data)) + data + b"\0"
        return self

    def variant(self, value: str) -> "Self":
        """Add a variant that holds a string."""
        self.data += b"\x01s\0"
        return self.text(value)

    def pairs(self, values: "Mapping[str, str]") -> "Self":
        """Be a dictionary of strings, and nothing else."""
        self.signature, start = "a{ss}", 8
        self.data = bytes(start)
        for name, value in values.items():
            self.data = _padded(self.data, 8)
            self.text(name).text(value)
        self.data = _number(len(self.data) - start) + self.data[4:]
        return self


def request(serial: int, flags: int, address: tuple[str, str, str, str], body: Body) -> bytes:
    """Return a method call; `address` is its path, destination, interface and method."""
    path, destination, interface, method = address
    fields = _field(b"", _PATH, "o", path)
    fields = _field(fields, _INTERFACE, "s", interface)
    fields = _field(fields, _MEMBER, "s", method)
    fields = _field(fields, _DESTINATION, "s", destination)
    if body.signature:
        fields = _padded(fields, 8) + bytes((_SIGNATURE, 1)) + b"g\0" + _short(body.signature)
    head = b"l" + bytes((_METHOD_CALL, flags, 1)) + _number(len(body.data)) + _number(serial) + _number(len(fields))
    return _padded(head + fields, 8) + body.data


class Answer:
    """The bytes of a message, read one value after the other. Raises ValueError: they are not what was to come."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position

    def number(self) -> int:
        """Return an unsigned number of four bytes."""
        self.align(4)
        return int.from_bytes(self._take(4), "little")

    def text(self) -> str:
        """Return a string or an object path."""
        return self._ended(self.number())

    def signature(self) -> str:
        """Return a signature."""
        return self._ended(self._take(1)[0])

    def texts(self) -> list[str]:
        """Return an array of strings or object paths."""
        length = self.number()
        end, found = self._position + length, []
        while self._position < end:
            found.append(self.text())
        return found

    def after_variant(self) -> "Self":
        """Skip a variant that holds a string or nothing but bytes."""
        kind = self.signature()
        if kind not in ("s", "ay"):
            raise ValueError
        length = self.number()
        self._take(length + 1 if kind == "s" else length)
        return self

    def octets(self) -> bytes:
        """Return an array of bytes."""
        return self._take(self.number())

    def align(self, size: int) -> None:
        """Skip what lies before a value that begins at a multiple of so many bytes."""
        self._take(-self._position % size)

    def head(self) -> tuple[int, int, str]:
        """Return the type of a whole message, the serial that it answers (0 for none) and the signature of its body.

        What is read next is the body.
        """
        kind = self._take(4)[1]
        self._take(8)
        length = self.number()
        end, serial, signature = self._position + length, 0, ""
        while self._position < end:
            self.align(8)
            field = self._take(1)[0]
            value = self._simple(self.signature())
            if field == _REPLY_SERIAL and isinstance(value, int):
                serial = value
            elif field == _SIGNATURE and isinstance(value, str):
                signature = value
        self.align(8)
        return kind, serial, signature

    def _simple(self, kind: str) -> str | int:
        if kind == "u":
            return self.number()
        if kind == "g":
            return self.signature()
        if kind in ("s", "o"):
            return self.text()
        raise ValueError

    def _ended(self, length: int) -> str:
        *text, end = self._take(length + 1)
        if end:
            raise ValueError
        return bytes(text).decode()

    def _take(self, length: int) -> bytes:
        found = self._data[self._position : self._position + length]
        if len(found) < length:
            raise ValueError
        self._position += length
        return found


class Bus:
    """A connection to a bus. Everything raises Refused, OSError, ValueError, NotAnswered."""

    def __init__(self, addresses: str) -> None:
        """`addresses` as in DBUS_SESSION_BUS_ADDRESS."""
        # `socket` around it imports enum and selectors, which cost half a bare Python.
        from _socket import AF_UNIX, SOCK_STREAM, socket

        self._socket: Any = socket(AF_UNIX, SOCK_STREAM)
        self._wait, self._received, self._serial = Wait(), b"", 0
        self._socket.settimeout(LOOK)
        try:
            self._socket.connect(_address(addresses))
            self._authenticate()
            self.call((f"/{_BUS.replace('.', '/')}", _BUS, _BUS, "Hello"), 0, Body(), "s")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def call(self, address: tuple[str, str, str, str], flags: int, body: Body, signature: str) -> Answer:
        """Return the answer to a call, when its body has this signature; the arguments as in `request`."""
        self._serial += 1
        self._socket.sendall(request(self._serial, flags, address, body))
        while True:
            answer = Answer(self._message())
            kind, serial, found = answer.head()
            if serial != self._serial:
                # A signal, as the one that says under which name the bus knows us.
                continue
            if kind != _METHOD_RETURN or found != signature:
                raise Refused
            return answer

    def _authenticate(self) -> None:
        """Let the bus ask the kernel who we are (D-Bus Specification, EXTERNAL)."""
        self._socket.sendall(b"\0AUTH EXTERNAL %b\r\n" % str(os.geteuid()).encode().hex().encode())
        while not self._received.endswith(b"\r\n"):
            if len(self._received) > _LONGEST_LINE:
                raise ValueError
            self._receive()
        if not self._received.startswith(b"OK "):
            raise Refused
        self._received = b""
        self._socket.sendall(b"BEGIN\r\n")

    def _message(self) -> bytes:
        self._need(16)
        head = Answer(self._received[4:16])
        if self._received[0] != ord("l"):
            raise Refused
        body, _, fields = head.number(), head.number(), head.number()
        length = 16 + fields + -fields % 8 + body
        if length > _LONGEST_MESSAGE:
            raise Refused
        self._need(length)
        message, self._received = self._received[:length], self._received[length:]
        return message

    def _need(self, length: int) -> None:
        while len(self._received) < length:
            self._receive()

    def _receive(self) -> None:
        while True:
            try:
                found = self._socket.recv(65_536)
            except TimeoutError:
                self._wait.looked()
                continue
            if not found:
                raise Refused
            self._received += found
            self._wait.answered()
            return


def _address(text: str) -> str:
    """The first address of a bus that is a file or, with a NUL before it, a name. Raises Refused, ValueError."""
    for each in text.split(";"):
        transport, _, rest = each.partition(":")
        keys = dict(pair.split("=", 1) for pair in rest.split(",") if pair)
        if transport == "unix" and "abstract" in keys:
            return "\0" + _unescaped(keys["abstract"])
        if transport == "unix" and "path" in keys:
            return _unescaped(keys["path"])
    raise Refused


def _unescaped(text: str) -> str:
    first, *rest = text.split("%")
    return first + "".join(chr(int(each[:2], 16)) + each[2:] for each in rest)


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _padded(data: bytes, size: int) -> bytes:
    return data + bytes(-len(data) % size)


def _short(text: str) -> bytes:
    return bytes((len(text),)) + text.encode() + b"\0"


def _field(before: bytes, field: int, kind: str, value: str) -> bytes:
    return _padded(before, 8) + bytes((field, 1)) + kind.encode() + b"\0" + Body().text(value).data
