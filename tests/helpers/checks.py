"""What the scripts say and ask, in few words."""

import re
from pathlib import Path

from mfasession.sandbox import Sandbox, SandboxDevice, SandboxUser
from tests.helpers.support import Home, key_pair

AS_IT_IS = "the command runs without a shell"
CANNOT_BE_RUN = (
    ("no-such-command", 127, "command not found"),
    ("./no/such/file", 127, "command not found"),
    ("/etc/passwd", 126, "permission denied"),
    ("/tmp", 126, "permission denied"),
    ("./script", 126, "no such file or directory"),
    ("./binary", 126, "exec format error"),
    ("", 127, "command not found"),
)
"""A word, and its exit code and reason as a shell has them."""
LEFT = r"\d\d:\d\d( tomorrow| on \d{4}-\d\d-\d\d)?"


def complaint(message: str, hint: str = "") -> str:
    """The whole of stderr when a command fails: what happened, and how to fix it."""
    return f"mfasession: {message}\n" + (f"  hint: {hint}\n" if hint else "")


def valid(profile: str, left: str) -> "re.Pattern[str]":
    """The whole of stderr of a `login` that went well; `left` is a pattern."""
    return re.compile(rf"mfasession: session for {re.escape(profile)} until {LEFT} \({left} left\)\n\Z")


def asked(aws: Sandbox, user: SandboxUser) -> list[str]:
    """The operations that a user's long-term key has asked for so far."""
    return [call.action for call in aws.calls() if call.access_key_id == user.key.access_key_id]


def keys_of(user: SandboxUser, name: str = "default") -> str:
    """A user's key pair as a section."""
    return key_pair(name, user.key.access_key_id, user.key.secret_access_key.reveal())


def log_in(home: Home, device: SandboxDevice, *words: str, steps: int = 0) -> None:
    """Have a session, made with the code that the device shows so many steps later."""
    done = home.run("login", *words, "--code", device.code(steps))
    assert done.returncode == 0, done.stderr


def have_session(home: Home, device: SandboxDevice, *words: str, steps: int = 0) -> None:
    """Log in for a test of something else: the device is named, so the user's devices are not listed, which takes IAM.

    A first login without `--serial` takes three times as long.
    """
    log_in(home, device, *words, "--serial", device.serial, steps=steps)


def remember_device(home: Home, user: SandboxUser) -> None:
    """Have the user's device known, as a login before has left it; what has been remembered stays."""
    state = home.folder / ".local" / "state" / "mfasession" / "state.toml"
    if state.exists():
        return
    state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = f'serial = "{user.devices[0].serial}"\nuser = "{user.name}"\n'
    state.write_text(f"[devices.{user.key.access_key_id}]\n{known}")
    state.chmod(0o600)


def check_cannot_be_run(home: Home, words: tuple[str, ...], word: str, code: int, why: str) -> None:
    """Each of CANNOT_BE_RUN behind these words of ours: its exit code, and one line with a hint."""
    for name, text in (("script", "#!/no/such/interpreter\n"), ("binary", "\0asm\1\n")):
        (home.folder / name).write_text(text)
        (home.folder / name).chmod(0o755)
    done = home.run(*words, "--", word)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", complaint(f"{word or repr('')}: {why}", AS_IT_IS))


def section(path: Path, name: str) -> dict[str, str]:
    """One section of an ini file, read the simplest way there is."""
    body = path.read_text().split(f"[{name}]\n", 1)[1].split("\n[", 1)[0]
    pairs = (line.partition(" = ") for line in body.splitlines() if " = " in line)
    return {key: value for key, _, value in pairs}
