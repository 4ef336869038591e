"""`mfasession serve`, a client that asks it once, and its end, in one program: the words are those of the command.

The client is a process of its own: every call in this one is the server's. A server that ended well and has not served
it ends with 1.
"""

import os
import subprocess
import sys

from mfasession import cli

CLIENT = """
import ctypes, json, os, signal, sys
from urllib.request import Request, urlopen
server, text = os.getppid(), ""
for line in sys.stdin:
    text += line
    if line == "}\\n":
        break
if not text:
    sys.exit(1)
endpoint = json.loads(text)
try:
    with open(endpoint["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]) as file:
        asking = Request(endpoint["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": file.read()})
    urlopen(asking).read()
except OSError:
    sys.exit(1)
finally:
    if os.getppid() == server:
        ctypes.CDLL(None).tgkill(server, server, signal.SIGTERM)
"""
"""Reads what `--shell json` prints. The signal goes to the main thread: where another one takes it, a fault may hit the
byte by which Python wakes the main thread."""


def main() -> int:
    """Be the server, whose stdout the client reads."""
    reading, writing = os.pipe()
    client = subprocess.Popen([sys.executable, "-c", CLIENT], stdin=reading, stderr=subprocess.DEVNULL)
    os.close(reading)
    os.dup2(writing, 1)
    os.close(writing)
    status = cli.main()
    os.close(1)
    return status or client.wait()


if __name__ == "__main__":
    sys.exit(main())
