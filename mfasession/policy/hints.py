"""Commands that a policy command names for a person: they run in the profile that the command itself ran in."""

from shlex import quote


def with_profile(command: str, profile: str) -> str:
    """Return a command of ours with the profile, which the default one needs no word for."""
    return command if profile == "default" else f"{command} -p {quote(profile)}"


def by_session(command: str, profile: str) -> str:
    """Return the line that runs another program with the profile's session: its bare key may be denied that."""
    return f"{with_profile('mfasession exec', profile)} -- {command}"
