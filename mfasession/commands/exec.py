"""`mfasession exec -- CMD …`: run a command with the credentials of a session. On the path of every command."""

import sys

from mfasession import programs, sessions
from mfasession.sessions import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.values import Session

SUMMARY = "Run a command, or your shell, with a session's credentials"
EXAMPLES = (
    ("mfasession exec -- aws s3 ls", "run a command with the credentials"),
    ("mfasession exec -p work -p admin -- aws sts get-caller-identity", "run it for several profiles"),
    (
        "mfasession exec --role-arn arn:aws:iam::123456789012:role/deploy -- aws s3 ls",
        "run it as a role that has no profile",
    ),
    ("mfasession exec --server -- python3 job.py", "run a job that outlives the session"),
)
RUNS_WORDS = True
TAKES_PROFILES = True


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command; the words behind `--` are cut off before."""
    from mfasession.commands import session_flags, several
    from mfasession.commands.argument_types import jobs, min_ttl

    parser.add_argument("--min-ttl", metavar="D", type=min_ttl, help="renew if less than this is left")
    parser.add_argument(
        "--server", action="store_true", help="serve refreshed credentials to the command, instead of fixed ones"
    )
    several.add_matching(parser)
    parser.add_argument("--jobs", metavar="N", type=jobs, help="run this many at once (4)")
    session_flags.add(parser, region_is="give the command this region, whatever the profile and AWS_REGION say")


def run(context: "CommandContext") -> int:
    """Replace this process; return only when the command cannot be started (126, 127), or has been served."""
    options = context.options
    if options.profiles or options.all_matching or options.jobs:
        from mfasession.commands import exec_many

        return exec_many.run(context)
    profile = context.profile()
    settings = environment.settings(context, profile, alone=context.options.server)
    session = sessions.session(context, profile)
    words = context.options.words or (context.environ.get("SHELL") or "/bin/sh",)
    if not context.options.server:
        environment.warn_of_region(context.aws_files, profile, context.environ)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if context.options.server:
            return _served(context, profile, session, words, settings)
        region = context.request.region
        programs.replace(
            words,
            environment.child(
                context.environ,
                session,
                profile.name,
                settings,
                region=region,
                has_role=context.request.role is not None,
            ),
        )
    except programs.CannotRun as failure:
        from mfasession.messages import complain

        complain(f"{programs.shown(words[0])}: {failure.reason}", _meant(context, words) or failure.hint)
        return failure.status


def _meant(context: "CommandContext", words: "Sequence[str]") -> str:
    """Return the line for a profile that stands where the command belongs, as in `exec work aws s3 ls`; else empty."""
    if context.options.profile or len(words) < 2 or context.aws_files.profile(words[0]) is None:
        return ""
    from mfasession import hints

    return f"did you mean: {hints.command_line('exec', '-p', words[0], '--', *words[1:])}"


def _served(
    context: "CommandContext",
    profile: "Profile",
    session: "Session",
    words: "Sequence[str]",
    settings: "Mapping[str, str | None]",
) -> int:
    """Run the command as a child, with an endpoint for as long as it runs. Raises CannotRun."""
    import asyncio
    import os

    from mfasession import profiles
    from mfasession.programs.child import Child, end_as
    from mfasession.server import client_files
    from mfasession.server.endpoint import Endpoint

    # The command reads the terminal when its stdin is one: no question of ours may stand there then.
    endpoint = Endpoint(context, [(profile, session)], owns_terminal=not os.isatty(0))
    named = profiles.chosen(context.options.profile, context.environ, context.config)
    names, environ = (profile.name, named), context.environ
    with (
        client_files.private_files(environ, context.aws_files, names, profile, endpoint.token) as folder,
        endpoint.guarded(environ, folder),
    ):
        token, uri = endpoint.token.reveal(), endpoint.uri(profile.name)
        own = client_files.child(environ, session, profile, settings, uri=uri, token=token, folder=folder.path)
        status = asyncio.run(endpoint.run(Child(words, own, endpoint.listening).run))
    return end_as(status)
