"""Our servers on loopback: their sockets, protocol, files, and session renewal."""
