"""`mfasession serve`: the container-credentials endpoint on loopback, for many clients, until a signal ends it."""

import os
import signal
import sys
from typing import TYPE_CHECKING

from mfasession import profiles, shells, terminal
from mfasession.messages import say
from mfasession.sessions import session
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.server.endpoint import Endpoint
    from mfasession.values import Session

SUMMARY = "Serve sessions to SDKs from an endpoint on 127.0.0.1, and keep them fresh"
EXAMPLES = (
    ("mfasession serve", "serve the default profile until ctrl-C"),
    ("mfasession serve -p work -p admin --shell bash", "serve two profiles, to programs started from bash"),
)
TAKES_PROFILES = True
ANSWER_HOLDS = 60.0
"""Seconds that a ctrl-C counts as the answer to the question that stands."""


class Flags(Value):
    """The flags of `serve`."""

    port: int = 0
    """Of 127.0.0.1; 0 is a random one."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands import session_flags
    from mfasession.commands.argument_types import port, shell

    parser.add_argument("--port", metavar="N", type=port, help="the port to listen on (a free one)")
    parser.add_argument("--shell", metavar="NAME", type=shell, help=f"one of {', '.join(shells.names())} (your shell)")
    session_flags.add(parser, region_is="give programs this region, whatever the profile and AWS_REGION say")


def run(context: "CommandContext", flags: Flags) -> int:
    """Serve until SIGTERM, ctrl-C or the end of the terminal, which all are a good end."""
    import asyncio

    from mfasession.server import client_files
    from mfasession.server.endpoint import Endpoint

    sessions = [(profile, session(context, profile)) for profile in _profiles(context)]
    endpoint = Endpoint(context, sessions, port=flags.port, owns_terminal=True)
    first, environ = sessions[0][0], context.environ
    named = profiles.chosen(next(iter(context.options.profiles), context.options.profile), environ, context.config)
    with (
        client_files.private_files(environ, context.aws_files, (first.name, named), first, endpoint.token) as folder,
        endpoint.guarded(environ, folder),
    ):
        return asyncio.run(
            endpoint.run(lambda: _until_ended(endpoint, lambda: _print(context, endpoint, sessions, folder.path)))
        )


def _profiles(context: "CommandContext") -> "list[Profile]":
    names = context.options.profiles or (context.options.profile,)
    found = [context.profile(name) for name in names]
    return list({profile.name: profile for profile in found}.values())


def _print(
    context: "CommandContext", endpoint: "Endpoint", sessions: "list[tuple[Profile, Session]]", folder: str
) -> None:
    """Print the lines for another shell. The token stays off the screen: those lead to its file, of mode 0600."""
    from mfasession.server import client_files

    shell = context.options.shell or shells.calling(context.environ, reads_stdout=False)
    first = sessions[0][0]
    values = client_files.variables(context.aws_files, folder, endpoint.uri(first.name), first.region)
    sys.stdout.buffer.write(os.fsencode(shells.render(shell, values)))
    sys.stdout.flush()
    for profile, _ in sessions:
        say(f"profile {profile.name} is served at {endpoint.uri(profile.name)}")
    say("those lines are for another shell; ctrl-C ends it")


async def _until_ended(endpoint: "Endpoint", begin: "Callable[[], None]") -> int:
    """Wait for a signal that ends it. `begin` is run when one would be heard: who reads its words may send one."""
    import asyncio

    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    answered = 0.0

    def end(number: int) -> None:
        nonlocal answered
        now = loop.time()
        # On a terminal that cannot draw, ctrl-C at the question is a signal for both of us; the second one is ours.
        if number == signal.SIGINT and endpoint.is_asking and terminal.is_dumb() and now - answered > ANSWER_HOLDS:
            answered = now
        elif not ended.done():
            ended.set_result(0)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup lets us ignore the end of the terminal, and a shell's `&` ctrl-C.
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)
    begin()
    return await ended
