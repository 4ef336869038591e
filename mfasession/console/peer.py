"""Finds the user of a client on loopback, from the kernel's table of connections (Linux, proc(5) on /proc/net/tcp).

A browser's arguments, and so the address of our page, can be read by every user of the computer, who might open it
first.
"""

import os
import socket
import sys
from contextlib import suppress

from mfasession.server.connections import Peer

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
"""Clients with IPv6 sockets, such as Firefox, are in the second table."""
_ESTABLISHED = "01"
_LITTLE = sys.byteorder == "little"
_MAPPED = "0" * 16 + ("FFFF0000" if _LITTLE else "0000FFFF")
"""The prefix of an IPv4 address in the second table (RFC 4291, 2.5.5.2), in the kernel's byte order."""


def is_ours(client: Peer, server: Peer) -> bool:
    """Return whether a client is a program of this user or of root. True where that is unknown: not on Linux."""
    known = [table for table in TABLES if os.path.exists(table)]
    return not known or _owner(known, client, server) in (os.getuid(), 0)


def _owner(tables: list[str], client: Peer, server: Peer) -> int | None:
    ends = {prefix + _written(client): prefix + _written(server) for prefix in ("", _MAPPED)}
    for table in tables:
        with suppress(OSError), open(table, encoding="ascii") as lines:
            for line in lines:
                fields = line.split()
                if fields[3] == _ESTABLISHED and ends.get(fields[1]) == fields[2]:
                    return int(fields[7])
    return None


def _written(peer: Peer) -> str:
    """An address and port as the kernel writes them: `0100007F:9C40`."""
    address, port = peer
    octets = socket.inet_aton(address)
    return f"{(octets[::-1] if _LITTLE else octets).hex().upper()}:{port:04X}"
