"""Whose program a client on loopback is: the kernel's own table of connections tells (Linux, proc(5) on /proc/net/tcp).

The address that a browser is started with stands in its arguments, where every user of the computer may read it, and
go there first.
"""

import os
import socket
import sys
from contextlib import suppress

from mfasession.server.connections import Peer

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
"""A client that would speak IPv6 as well, as Firefox would, is in the second one."""
_ESTABLISHED = "01"
_LITTLE = sys.byteorder == "little"
_MAPPED = "0" * 16 + ("FFFF0000" if _LITTLE else "0000FFFF")
"""What stands before an IPv4 address in the second table (RFC 4291, 2.5.5.2), in the kernel's order of bytes."""


def is_ours(client: Peer, server: Peer) -> bool:
    """Return whether a client is a program of this user or of root. True where nothing can tell it: not on Linux."""
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
    """An end as the kernel writes it: `0100007F:9C40`."""
    address, port = peer
    octets = socket.inet_aton(address)
    return f"{(octets[::-1] if _LITTLE else octets).hex().upper()}:{port:04X}"
