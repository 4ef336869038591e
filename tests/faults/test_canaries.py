"""Secrets are planted and every command is driven, in success and in failure; nowhere but in their places are they.

Planted: the long-term key's secret, the device's seed, the session's secret and token, the code, the secret of another
tool. Each test records how many were planted, how many places were searched and how many were found (junit's properties
`canaries_planted`, `places_searched` and `canaries_found`, with `-o junit_family=xunit1`), for `make faults` to add up.
"""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mfasession.cli import registry
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.browsing import program
from tests.helpers.checks import have_session, keys_of, section
from tests.helpers.echo import echoing
from tests.helpers.faults.canaries import Canaries, Run, core_counts
from tests.helpers.faults.held import stuck
from tests.helpers.patience import scaled, wait_for
from tests.helpers.seat import CLOCK, Seat, seat
from tests.helpers.secret_service import SecretService
from tests.helpers.support import MFASESSION, Home, need

TOOL = {"AWS_VAULT_FILE_PASSPHRASE": "canary-of-another-tool-5b1c"}
DEVELOPMENT = {
    "PYTHONDEVMODE": "1",
    "PYTHONWARNINGS": "always",
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONFAULTHANDLER": "1",
}
VERBOSITIES = {
    "plain": {},
    "development": DEVELOPMENT,
    "loud": {
        **DEVELOPMENT,
        "PYTHONVERBOSE": "1",
        "PYTHONPROFILEIMPORTTIME": "1",
        "AWS_DEBUG": "true",
        "BOTO_DEBUG": "1",
        "DEBUG": "*",
        "MFASESSION_DEBUG": "1",
        "MFASESSION_LOG": "debug",
    },
}
"""No variable makes an AWS SDK for Python log; those of other SDKs and tools are set to see that they do nothing."""
WORDS: dict[str, list[tuple[str, ...]]] = {
    "init": [
        ("init",),
        ("init", "--keys-in", "file", "--no-login", "--yes"),
        ("init", "--tool-profile", "default"),
    ],
    "login": [("login",)],
    "env": [("env",), ("env", "--shell", "json"), ("env", "--unset")],
    "exec": [("exec", "--", "true"), ("exec", "--server", "--", "true"), ("exec", "--", "no-such-program")],
    "process": [("process",)],
    "status": [("status",), ("status", "--json")],
    "notify": [("notify",), ("notify", "--before", "36h"), ("notify", "--uninstall")],
    "profiles": [("profiles",), ("profiles", "--json")],
    "whoami": [("whoami",), ("whoami", "--json")],
    "doctor": [("doctor",), ("doctor", "--json")],
    "logout": [("logout", "-p", "nobody")],
    "config": [
        ("config", "list"),
        ("config", "list", "--json"),
        ("config", "set", "store", "file"),
        ("config", "path"),
    ],
    "keys": [
        ("keys", "list"),
        ("keys", "list", "--json"),
        ("keys", "remove", "--no-input"),
        ("keys", "add", "--no-input"),
    ],
    "mfa": [
        ("mfa", "list"),
        ("mfa", "list", "--json"),
        ("mfa", "enroll"),
        ("mfa", "resync"),
        ("mfa", "remove"),
    ],
    "shell": [
        ("shell", "init", "bash"),
        ("shell", "complete", "--", "login", "-p", ""),
        ("shell", "complete", "--", "k"),
    ],
    "sandbox": [("sandbox", "--", "true")],
    "demo": [],
    "uninstall": [("uninstall",), ("uninstall", "--keys")],
}
"""What each command is driven with; one that is not here is run bare."""
OF_THE_SESSION = ("session_secret", "session_token")
HANDS_OUT = {("env",), ("env", "--shell", "json"), ("process",)}
VERBOSE = [("plain", ()), ("development", ("--debug",))]
LOUDEST = [("plain", ()), ("loud", ("--debug",))]


@pytest.fixture
def nest(alices_home: Home, alice: SandboxUser, canaries: Canaries) -> Home:
    """Alice's home, where temporary files are inside too, with a secret of another tool in the environment."""
    (alices_home.folder / "tmp").mkdir()
    alices_home.environ |= {"TMPDIR": str(alices_home.folder / "tmp"), "PYTHONDONTWRITEBYTECODE": "1", **TOOL}
    alices_home.config.write_text("[default]\nregion = eu-west-1\n")
    device = alice.devices[0]
    canaries.plant(key=alice.key.secret_access_key.reveal(), seed=device.seed, code=device.code(), next=device.code(1))
    return alices_home


def plant_session(home: Home, canaries: Canaries) -> None:
    """Take the secrets of the session that the credentials file holds now."""
    kept = section(home.credentials, "default-mfa")
    canaries.plant(session_secret=kept["aws_secret_access_key"], session_token=kept["aws_session_token"])


def search_home(home: Home, canaries: Canaries) -> None:
    """State, cache, locks, temporary files: the credentials file alone holds a key and a session."""
    canaries.search_folder(home.folder, but={"credentials": ("key", *OF_THE_SESSION)})


@pytest.mark.timeout(scaled(600))
@pytest.mark.parametrize(("verbosity", "flags"), LOUDEST)
def test_every_command_when_it_goes_well(
    nest: Home, alice: SandboxUser, canaries: Canaries, verbosity: str, flags: tuple[str, ...]
) -> None:
    """`env` and `process` print the session, the command under `exec` has it in its environment; nothing else does."""
    loud = VERBOSITIES[verbosity]
    canaries.plant(tool=TOOL["AWS_VAULT_FILE_PASSPHRASE"])
    made = Run(nest, *flags, "login", "--code", "-", stdin=f"{alice.devices[0].code()}\n", environ=loud)
    assert made.done.returncode == 0, made.done.stderr
    plant_session(nest, canaries)
    canaries.search_run(made, environ=("tool",))
    for command in registry.names():
        for words in WORDS.get(command, []):
            run = Run(nest, *flags, *words, environ=loud)
            canaries.search_run(run, stdout=OF_THE_SESSION if words in HANDS_OUT else (), environ=("tool",))
            assert words not in HANDS_OUT or canaries.counts(run.done.stdout.encode())["session_token"] == 1
    search_home(nest, canaries)


def test_commands_without_words_of_their_own(nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """The tour and whatever comes later, bare, ended after a few seconds: none of it shows the user's own secrets."""
    have_session(nest, alice.devices[0])
    plant_session(nest, canaries)
    for command in registry.names():
        if not WORDS.get(command):
            done = nest.run_program(need("timeout"), "-s", "INT", "-k", "5", "10", MFASESSION, command)
            assert done.stdout or done.stderr, command
            canaries.search(f"stdout of {command}", done.stdout)
            canaries.search(f"stderr of {command}", done.stderr)
    search_home(nest, canaries)


Trouble = Callable[[Home, Sandbox, SandboxUser], dict[str, str]]
BROKEN_BOTO3 = "class Session:\n    def __init__(self, **given): raise RuntimeError(f'{given} will not do')\n"
LOGGING_KEYRING = """
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 1
    def get_password(self, service, name): return None
    def set_password(self, service, name, text): raise ValueError(f"cannot keep {text}")
    def delete_password(self, service, name): raise ValueError(name)
"""


def module(home: Home, name: str, text: str) -> dict[str, str]:
    """Put a module where Python finds it before the real one."""
    (home.folder / "modules").mkdir()
    (home.folder / "modules" / f"{name}.py").write_text(text)
    return {"PYTHONPATH": str(home.folder / "modules")}


def readable(home: Home) -> dict[str, str]:
    """Let others read the credentials file."""
    home.credentials.chmod(0o644)
    return {}


def torn(home: Home, alice: SandboxUser) -> dict[str, str]:
    """Break the line of the secret."""
    home.write_credentials(keys_of(alice).replace("aws_secret_access_key = ", "aws_secret_access_key\n"))
    return {}


def fault(aws: Sandbox, action: str, kind: str) -> dict[str, str]:
    """Let AWS fail."""
    aws.faults.add(action, kind, times=99)
    return {}


def odd_secret(home: Home, alice: SandboxUser) -> dict[str, str]:
    """An invalid secret, with the real one in it."""
    home.write_credentials(keys_of(alice).replace("aws_secret_access_key = ", "aws_secret_access_key = WRONG"))
    return {}


def keyring_wanted(home: Home, backend: str = "") -> dict[str, str]:
    """Have sessions kept in the keyring, which is absent or one of our own."""
    home.write_settings('store = "keyring"\n')
    if not backend:
        return {}
    return {**module(home, "telling", backend), "PYTHON_KEYRING_BACKEND": "telling.Keyring"}


TROUBLES: dict[str, tuple[int, Trouble]] = {
    "a broken boto3": (1, lambda home, _aws, _user: module(home, "boto3", BROKEN_BOTO3)),
    "others may read the file": (3, lambda home, _aws, _user: readable(home)),
    "a torn line": (3, lambda home, _aws, user: torn(home, user)),
    "an endpoint that is none": (3, lambda *_: {"AWS_ENDPOINT_URL": "nowhere"}),
    "a wrong secret": (4, lambda home, _aws, user: odd_secret(home, user)),
    "an unknown key": (4, lambda _home, aws, _user: fault(aws, "*", "unknown_key")),
    "nobody listens": (5, lambda *_: {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}),
    "a proxy with a password": (5, lambda *_: {"AWS_ENDPOINT_URL": "https://sts.eu-west-1.amazonaws.com",
                                               "HTTPS_PROXY": "http://me:492039@127.0.0.1:9"}),
    "a lost answer": (5, lambda _home, aws, _user: fault(aws, "GetSessionToken", "lose_answer")),
    "half an answer": (5, lambda _home, aws, _user: fault(aws, "GetSessionToken", "cut_answer")),
    "AWS hangs up": (5, lambda _home, aws, _user: fault(aws, "GetCallerIdentity", "hang_up")),
    "AWS is broken": (5, lambda _home, aws, _user: fault(aws, "GetSessionToken", "error500")),
    "AWS is busy": (5, lambda _home, aws, _user: fault(aws, "GetSessionToken", "throttle")),
    "no keyring": (7, lambda home, _aws, _user: keyring_wanted(home)),
    "a keyring that tells": (7, lambda home, _aws, _user: keyring_wanted(home, LOGGING_KEYRING)),
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_failure(aws: Sandbox, nest: Home, alice: SandboxUser, canaries: Canaries, trouble: str) -> None:
    """Each exit code, with and without --debug: what failed is reported, and no secret."""
    code, trouble_of = TROUBLES[trouble]
    canaries.plant(password="492039")
    troubled = trouble_of(nest, aws, alice)
    for verbosity, flags in VERBOSE:
        for words in (("login", "--code", "-"), ("keys", "rotate", "--code", "-"), ("env",)):
            environ = VERBOSITIES[verbosity] | troubled
            run = Run(nest, *flags, *words, stdin=f"{alice.devices[0].code()}\n", environ=environ)
            canaries.search_run(run, environ=("tool", "password"))
            if words[0] == "login":
                # A second time the code is not even sent where it may be used up.
                assert run.done.returncode in ((code, 4) if flags else (code,)), run.done.stderr
                assert ("Traceback" in run.done.stderr) == bool(flags)
    search_home(nest, canaries)


@pytest.mark.parametrize("given", ["49203", "1234567"])
def test_codes_that_will_not_do(nest: Home, alice: SandboxUser, canaries: Canaries, given: str) -> None:
    """Exit codes 2, 4 and 6: no code, a wrong one, a used one, no terminal."""
    canaries.plant(given=given)
    code = alice.devices[0].code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    canaries.plant(wrong=wrong)
    for debug in ((), ("--debug",)):
        for text, expected in ((given, 2), (wrong, 4), (code, 4 if debug else 0)):
            piped = Run(nest, *debug, "login", "--force", "--code", "-", stdin=f"{text}\n")
            canaries.search_run(piped)
            assert piped.done.returncode == expected, piped.done.stderr
            said = Run(nest, *debug, "login", "--force", "--code", text)
            canaries.search_run(said, argv=("code", "wrong", "given", "next"))
            assert said.done.returncode == (expected or 4), said.done.stderr
        refused = Run(nest, *debug, "login", "--force")
        canaries.search_run(refused)
        assert refused.done.returncode == 6, refused.done.stderr
    plant_session(nest, canaries)
    search_home(nest, canaries)


ENDINGS = ["INT", "TERM", "HUP", "QUIT", "KILL", "SEGV", "ABRT", "USR1", "ALRM"]


@pytest.fixture
def asked(nest: Home) -> Iterator[Seat]:
    """A login at its question, in development mode; the digits of a code are typed, but not Enter."""
    with seat(nest, MFASESSION, "login", "--debug", environ=VERBOSITIES["development"]) as terminal:
        terminal.see(CLOCK)
        yield terminal


@pytest.mark.parametrize("ending", ENDINGS)
def test_killed_at_the_question(asked: Seat, alice: SandboxUser, canaries: Canaries, ending: str) -> None:
    """By each signal, with the code typed: the terminal alone has shown it, and what was typed was typed there."""
    canaries.search_process(asked.process)
    asked.type(alice.devices[0].code())
    os.kill(asked.process, getattr(signal, f"SIG{ending}"))
    assert asked.end() != 0
    canaries.search("the terminal", asked.seen, but=("code", "next"))
    search_home(asked.home, canaries)


def read_proc(terminal: Seat, name: str) -> bytes:
    """What the kernel shows of the program at a terminal."""
    return Path(f"/proc/{terminal.process}/{name}").read_bytes()


def test_the_terminal_after_a_login(nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """What stays in the window's history: the six digits that were typed, as often as drawn, and no secret."""
    with seat(nest, MFASESSION, "exec", "--debug", "--", "sleep", "60") as terminal:
        terminal.see(CLOCK)
        terminal.line(alice.devices[0].code())
        wait_for(lambda: read_proc(terminal, "comm") == b"sleep\n")
        plant_session(nest, canaries)
        canaries.search("the terminal", f"{terminal.seen}{terminal.tty.before or ''}", but=("code", "next"))
        canaries.search("argv of the command", read_proc(terminal, "cmdline"))
        canaries.search("environ of the command", read_proc(terminal, "environ"), but=OF_THE_SESSION)
    search_home(nest, canaries)
    assert canaries.found == []


def test_a_key_that_is_typed(nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """`keys add`: the secret is typed, or pasted with the ID at once, and stands on the terminal neither way."""
    key = alice.key
    for name, glue in (("typed", ""), ("pasted", f"\r{key.secret_access_key.reveal()}\r")):
        with seat(nest, MFASESSION, "keys", "add", "--store", "file", "-p", name, "--debug") as terminal:
            terminal.see("access key ID: ")
            terminal.type(f"{key.access_key_id}{glue or chr(13)}")
            terminal.see("not shown")
            canaries.search_process(terminal.process)
            terminal.type("" if glue else f"{key.secret_access_key.reveal()}\r")
            assert terminal.end() == 0, terminal.shown
            canaries.search("the terminal", terminal.seen)
        assert nest.credentials.read_text().count(key.secret_access_key.reveal()) == (2 if name == "typed" else 3)
    search_home(nest, canaries)


def test_the_keyring_holds_it_in_its_secrets_alone(nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """A real Secret Service: labels and attributes are read by whoever asks, also while it is locked."""
    need("gnome-keyring-daemon")
    with SecretService() as service:
        nest.environ |= service.environ
        canaries.search_run(Run(nest, "keys", "protect", "--debug"))
        canaries.search("the credentials file", nest.credentials.read_bytes())
        code = alice.devices[0].code()
        run = Run(nest, "login", "--store", "keyring", "--code", "-", "--debug", stdin=f"{code}\n")
        assert run.done.returncode == 0, run.done.stderr
        kept = nest.run("process").stdout
        secret, token = re.findall(r'"(?:SecretAccessKey|SessionToken)": "([^"]+)"', kept)
        canaries.plant(session_secret=secret, session_token=token)
        canaries.search_run(run)
        canaries.search_run(Run(nest, "status"))
        canaries.search_run(Run(nest, "keys", "list"))
        found = nest.run_program(need("secret-tool"), "search", "--all", "--unlock", "service", "mfasession")
        # A session is several lines.
        rest, secrets = re.subn(r"^secret = (?:.*\n)+?(?=created = )", "", found.stdout, flags=re.MULTILINE)
        assert secrets >= 2
        canaries.search("labels and attributes", rest + found.stderr)
        canaries.search_folder(nest.folder, but={})


def test_an_answer_that_quotes_everything(nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """The code is sent, comes back in an error, and stays out of all that is written and kept."""
    for debug in ((), ("--debug",)):
        with echoing() as url:
            words = ("login", "--serial", alice.devices[0].serial, "--code", "-", *debug)
            run = Run(nest, *words, stdin=f"{alice.devices[0].code()}\n", environ={"AWS_ENDPOINT_URL": url})
        assert run.done.returncode == 4
        canaries.search_run(run)
    search_home(nest, canaries)


def test_a_console(aws: Sandbox, nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """The sign-in's token is in the browser's hands alone, and on stdout when it is printed; nothing of it is kept."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    nest.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    have_session(nest, alice.devices[0])
    plant_session(nest, canaries)
    record = nest.folder.parent / f"{nest.folder.name}.record"
    run = Run(nest, "console", "-p", "admin", "--debug", environ={"BROWSER": program(record)})
    assert run.done.returncode == 0, run.done.stderr
    wait_for(record.exists)
    address = json.loads(record.read_text())["passed"][1]
    canaries.plant(opened=parse_qs(urlsplit(address).query)["SigninToken"][0])
    canaries.search_run(run)
    printing = Run(nest, "console", "-p", "admin", "--print", "--debug")
    canaries.plant(printed=parse_qs(urlsplit(printing.done.stdout.strip()).query)["SigninToken"][0])
    canaries.search_run(printing, stdout=("printed",))
    for environ in ({"BROWSER": "false"}, {"AWS_ENDPOINT_URL_SIGNIN": "http://127.0.0.1:9", "BROWSER": "true"}):
        failing = Run(nest, "console", "-p", "admin", "--debug", environ=environ)
        assert "Traceback" in failing.done.stderr
        assert "SigninToken=" not in failing.done.stderr
        canaries.search_run(failing)
    with echoing() as url:
        environ = {"AWS_ENDPOINT_URL_SIGNIN": url}
        canaries.search_run(Run(nest, "console", "-p", "admin", "--print", "--debug", environ=environ))
    search_home(nest, canaries)


def test_a_role_without_a_profile(aws: Sandbox, nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """Its session is in its own section of the credentials file, and on stdout where it is printed."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    have_session(nest, alice.devices[0])
    run = Run(nest, "login", "--debug", "--role-arn", role.arn)
    assert run.done.returncode == 0, run.done.stderr
    (name,) = re.findall(r"^\[(default\+role\..*)\]$", nest.credentials.read_text(), re.MULTILINE)
    kept = section(nest.credentials, name)
    canaries.plant(session_secret=kept["aws_secret_access_key"], session_token=kept["aws_session_token"])
    canaries.search_run(run)
    printed = Run(nest, "process", "--debug", "--role-arn", role.arn)
    canaries.search_run(printed, stdout=OF_THE_SESSION)
    canaries.search_run(Run(nest, "exec", "--role-arn", role.arn, "--", "true"))
    search_home(nest, canaries)


_CREATED = re.compile(r'(?:openat\(\w+|creat\()[^"]*"([^"]+)"(?:[^"]*O_CREAT[^"]*)?, (0\d+)\) = \d')
_FOLDER = re.compile(r'mkdir(?:at)?\([^"]*"([^"]+)", (0\d+)\) = 0')


def test_private_from_the_first_byte(nest: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """Under umask 000: each file is created with mode 0600 and each folder with 0700, not made private afterwards."""
    trace = nest.folder.parent / "calls"
    strace = (need("strace"), "-f", "-qq", "-o", str(trace), "-e", "trace=openat,creat,mkdir,mkdirat")
    line = 'umask 000; printf "%s\\n" "$0" | "$@"'
    for words in (("login", "--code", "-"), ("login", "--code", "-", "--force"), ("logout",)):
        nest.write_settings('duration = "8h"\n')
        nest.run_program("sh", "-c", line, alice.devices[0].code(), *strace, MFASESSION, *words)
        calls = trace.read_text()
        created = [(path, mode) for path, mode in _CREATED.findall(calls) if not path.startswith("/dev/")]
        assert created or words == ("logout",)
        assert {mode for _, mode in created} <= {"0600"}, created
        assert {mode for _, mode in _FOLDER.findall(calls)} <= {"0700"}
        canaries.search("the names of files", calls)


def test_secrets_left_in_memory(
    nest: Home, alice: SandboxUser, canaries: Canaries, record_property: Callable[[str, object], None]
) -> None:
    """A core of each process that stands still, as root takes it: Python wipes nothing, and this is what it leaves.

    Promised: who only asks has no session yet, and what `exec` becomes has the session in its environment and nothing
    of the key, the code or the seed. No command ever has the seed.
    """
    if os.geteuid() != 0:
        pytest.skip("only root looks into a process that forbids it")
    figures: dict[str, dict[str, int]] = {}
    with seat(nest, MFASESSION, "exec", "--", "sleep", "60") as terminal:
        terminal.see(CLOCK)
        figures["at the question"] = core_counts(canaries, terminal.process, nest.folder)
        terminal.line(alice.devices[0].code())
        wait_for(lambda: read_proc(terminal, "comm") == b"sleep\n")
        plant_session(nest, canaries)
        figures["what exec became"] = core_counts(canaries, terminal.process, nest.folder)
    for words in (("process",), ("env",), ("status",)):
        with stuck(nest, MFASESSION, *words) as child:
            figures[words[0]] = core_counts(canaries, child.pid, nest.folder)
    for where, counts in figures.items():
        record_property(f"memory of {where}", counts)
        assert counts["seed"] == 0, where
    assert figures["at the question"]["key"] > 0
    became = dict(figures["what exec became"])
    assert became.pop("session_secret") == became.pop("session_token") == 1
    assert set(became.values()) == {0}
    assert not set(figures["status"]) - set(figures["process"])
    canaries.search("the figures", str(figures))


def test_the_search_finds(nest: Home, alice: SandboxUser) -> None:
    """A search that finds nothing proves nothing: in each kind of place a canary that is there is found."""
    mine = Canaries()
    mine.plant(key=alice.key.secret_access_key.reveal(), code="492039", tool=TOOL["AWS_VAULT_FILE_PASSPHRASE"])
    mine.search("a text", "TokenCode=492039&Version=2011-06-15")
    mine.search("a longer number", "14920390")
    mine.search_folder(nest.folder, but={})
    mine.search_run(Run(nest, "sandbox", "--", "echo", "492039"))
    places = (
        "code in a text",
        f"key in {nest.credentials}",
        "code in stdout of",
        "code in argv of",
        "tool in environ of",
    )
    for place in places:
        assert any(found.startswith(place) for found in mine.found), place
    assert "code in a longer number" not in mine.found
