"""The guard's program: holds a server's port after the server has ended, while a program may still trust it.

`guard` runs it isolated and with the standard library only: it starts quickly and has no secret in its memory. Its
arguments: the descriptor of the listening socket, the text in the environment of programs that trust the server, the
minimum seconds to hold the port, the folder to remove at the server's end (or an empty word). Its stdin is a pipe that
the server holds: it ends with the server; a byte on it means that no program trusts the port any more.
"""

import json
import os
import sys
import time

# `signal` itself imports `enum`; this is the module below it.
from _signal import SIG_DFL, SIG_IGN, SIGUSR1, signal  # type: ignore[import-not-found]

LOOK = 1.0
"""Seconds between two checks of the running programs."""
PATIENCE = 0.5
"""Seconds for a client to send its request and to read the answer."""
MESSAGE = "the mfasession that served this address has ended: start it again"
TAKE_OVER = SIGUSR1
"""Ends a guard whose server has ended: a new server wants the port."""


def main(words: "list[str]") -> None:
    """Wait for the end of the server, remove its folder, hold its port."""
    port, mark, seconds, folder = int(words[0]), os.fsencode(words[1]), float(words[2]), words[3]
    signal(TAKE_OVER, SIG_IGN)
    is_released = bool(os.read(0, 1))
    if folder:
        remove(folder)
    if is_released:
        return
    signal(TAKE_OVER, SIG_DFL)
    end = time.monotonic() + seconds
    while time.monotonic() < end or is_trusted(mark):
        _refuse_clients(port, time.monotonic() + LOOK)


def is_trusted(mark: bytes) -> bool:
    """Return whether a running program has the text in its environment (Linux: proc(5); False elsewhere)."""
    try:
        processes = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    except OSError:
        return False
    return any(mark in _environment(name) for name in processes)


def remove(folder: str) -> None:
    """Remove a folder with its content, as far as possible."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            remove(path)
            continue
        try:
            os.unlink(path)
        except OSError:
            continue
    try:
        os.rmdir(folder)
    except OSError:
        # A program has just written into it: the next run removes it.
        return


def _environment(process: str) -> bytes:
    try:
        with open(f"/proc/{process}/environ", "rb") as file:
            return file.read()
    except OSError:
        # It has ended, or it is another user's.
        return b""


def _refuse_clients(port: int, end: float) -> None:
    """Answer all clients until then, so that none waits for a time-out."""
    import select
    import socket

    listening = socket.socket(fileno=os.dup(port))
    with listening:
        while (left := end - time.monotonic()) > 0:
            if not select.select([listening], [], [], left)[0]:
                return
            try:
                client, _ = listening.accept()
            except OSError:
                # The client has closed the connection.
                continue
            with client:
                _refuse(client)


def _refuse(client: "socket.socket") -> None:  # type: ignore[name-defined]  # noqa: F821  # imported when needed
    said = {"code": "Ended", "message": MESSAGE, "Code": "Ended", "Message": MESSAGE}
    body = json.dumps(said).encode("ascii")
    head = f"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    client.settimeout(PATIENCE)
    try:
        client.recv(65536)
        client.sendall(f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode("ascii") + body)
    except OSError:
        # A client that closed the connection or sent nothing gets no answer.
        return


if __name__ == "__main__":
    main(sys.argv[1:])
