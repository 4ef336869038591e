"""Every source of codes behind the commands: a seed in a real keyring, programs, pinentry on a terminal."""

import subprocess

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import scaled
from tests.helpers.seat import seat
from tests.helpers.secret_service import SecretService
from tests.helpers.support import BIN, MFASESSION, Home, need, session_section

pytestmark = pytest.mark.usefixtures("device_known")

TOTP = 'code = "totp"\n'
PINENTRY = 'code = "pinentry"\n'


def made(aws: Sandbox, alice: SandboxUser) -> list[str]:
    """Return what became of each request for a session."""
    return [call.outcome for call in aws.calls("GetSessionToken") if call.access_key_id == alice.key.access_key_id]


# A seed in the keyring


def keep_seed(home: Home, alice: SandboxUser, seed: str = "") -> None:
    """Keep the seed of her device with the attributes that `keyring set` gives it, in a tenth of its time."""
    device = alice.devices[0]
    words = (need("secret-tool"), "store", "--label=mfasession", "application", "Python keyring library")
    names = ("service", "mfasession", "username", f"seed/{device.serial}")
    done = home.run_program(*words, *names, stdin=seed or device.seed)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home(keyring_home: Home, alice: SandboxUser) -> Home:
    """Alice's home with the seed of her device in the keyring."""
    keyring_home.write_settings(TOTP)
    keep_seed(keyring_home, alice)
    return keyring_home


@pytest.mark.parametrize("store", ["file", "keyring"])
@pytest.mark.parametrize(
    "words", [("login",), ("login", "--no-input"), ("process",), ("exec", "--", "true")], ids=" ".join
)
def test_a_seed_answers_by_itself(
    home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...], store: str
) -> None:
    """No terminal, and nothing is typed: one code, one session; and the seed is in no file."""
    home.write_settings(f'{TOTP}store = "{store}"\n')
    done = home.run(*words)
    assert done.returncode == 0, done.stderr
    assert made(aws, alice) == ["ok"]
    assert home.run("status", "-p", "default").returncode == 0
    written = "".join(path.read_text() for path in home.folder.rglob("*") if path.is_file())
    assert alice.devices[0].seed not in written
    assert alice.devices[0].seed not in done.stdout + done.stderr


def test_a_client_that_never_asks(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """boto/botocore#1805: with a seed a client gets a new session by itself when yesterday's has expired."""
    home.config.write_text(
        f"[profile work]\nregion = eu-west-1\ncredential_process = {MFASESSION} process -p default\n"
    )
    expired = session_section(expires="2020-01-01T00:00:00Z", key_id=alice.key.access_key_id)
    home.write_credentials(home.credentials.read_text() + expired)
    done = home.run_program(str(BIN / "aws"), "s3api", "list-buckets", environ={"AWS_PROFILE": "work"})
    assert done.returncode == 0, done.stderr
    assert made(aws, alice) == ["ok"]


def test_the_code_of_this_step_was_used(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Noovolari/leapp#317: it waits for the next code by itself instead of having a used one refused."""
    assert home.run("login").returncode == 0
    done = home.run("login", "--force")
    assert done.returncode == 0, done.stderr
    assert made(aws, alice) == ["ok", "ok"]


def test_no_seed_for_this_device(keyring_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The hint is the command that keeps one, and then it works."""
    keyring_home.write_settings(TOTP)
    done = keyring_home.run("login")
    serial = alice.devices[0].serial
    assert done.returncode == 3
    assert done.stderr == (
        f"mfasession: the keyring has no seed for device {serial}\n"
        f'  hint: keep its seed (base32) with: keyring set mfasession seed/{serial}; or set code = "prompt"\n'
    )
    assert made(aws, alice) == []
    kept = keyring_home.run_program(
        str(BIN / "keyring"), "set", "mfasession", f"seed/{serial}", stdin=alice.devices[0].seed
    )
    assert kept.returncode == 0, kept.stderr
    assert keyring_home.run("login").returncode == 0


def test_an_invalid_seed(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Something else under that name is reported, and not shown."""
    keep_seed(home, alice, "not-a-seed!")
    done = home.run("login")
    assert done.returncode == 3
    assert done.stderr.startswith(
        f"mfasession: the keyring's seed for device {alice.devices[0].serial} is not base32\n"
    )
    assert "not-a-seed" not in done.stderr
    assert made(aws, alice) == []


@pytest.mark.parametrize("state", ["locked", "no bus", "hung"])
def test_a_seed_out_of_reach(home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService, state: str) -> None:
    """The keyring's own failure and exit code 7, not "no seed"; a session in the file serves all the same."""
    if state == "locked":
        service.end_daemon()
        service.start_daemon(unlocked=False)
    elif state == "hung":
        service.stop()
    else:
        home.environ["DBUS_SESSION_BUS_ADDRESS"] = ""
    before = home.credentials.read_bytes()
    done = home.run("login")
    assert done.returncode == 7, done.stderr
    assert done.stderr.startswith("mfasession: the")
    assert "\n  hint: " in done.stderr
    assert made(aws, alice) == []
    assert home.credentials.read_bytes() == before
    assert home.run("login", "--code", alice.devices[0].code()).returncode == 0
    assert home.run("process").returncode == 0


# A program


def use_command(home: Home, *words: str) -> None:
    """Let a program give the codes."""
    home.write_settings(f"code = {{ command = {list(words)!r} }}\n")


@pytest.mark.parametrize(
    "words", [("login",), ("login", "--no-input"), ("process",), ("exec", "--", "true")], ids=" ".join
)
def test_a_script_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """trek10inc/awsume#130: a program gives the code, when one is needed and not before, without a terminal too."""
    use_command(alices_home, "sh", "-c", f"echo >>runs; echo code: {alice.devices[0].code()}")
    for _ in range(2):
        done = alices_home.run(*words)
        assert done.returncode == 0, done.stderr
    assert made(aws, alice) == ["ok"]
    assert (alices_home.folder / "runs").read_text() == "\n"


def test_a_script_waits_only_when_it_gives_a_code_that_was_sent(alices_home: Home, alice: SandboxUser) -> None:
    """A code of the next step was typed a moment ago; the program's own is another, and AWS has never seen it."""
    assert alices_home.run("login", "--code", alice.devices[0].code(1)).returncode == 0
    use_command(alices_home, "sh", "-c", f"echo >>runs; echo {alice.devices[0].code(-1)}")
    with seat(alices_home, MFASESSION, "login", "--force") as sitting:
        assert sitting.end() == 0
    assert "waiting" not in sitting.shown
    assert (alices_home.folder / "runs").read_text() == "\n"


def test_oathtool_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """A real generator, with the seed on its stdin; a profile may have a source of its own."""
    seed = alices_home.folder / "seed"
    seed.write_text(alice.devices[0].seed)
    words = ["sh", "-c", f"{need('oathtool')} --totp -b - <{seed}"]
    alices_home.write_settings(f"{PINENTRY}[profiles.default]\ncode = {{ command = {words!r} }}\n")
    done = alices_home.run("login")
    assert done.returncode == 0, done.stderr
    assert made(aws, alice) == ["ok"]


@pytest.mark.parametrize(
    ("script", "happened"),
    [
        ("echo 12345", "sh printed no six-digit code"),
        ("echo 123456 654321", "sh printed 2 six-digit numbers"),
        ("echo 123456; exit 4", "sh failed (exit code 4) and gave no code"),
    ],
)
def test_a_script_that_gives_none(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, script: str, happened: str
) -> None:
    """A line that names the program and not what it printed; AWS is not asked, and nothing is written."""
    use_command(alices_home, "sh", "-c", f"echo because >&2; {script}")
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("env")
    assert (done.returncode, done.stdout) == (3, "(exit 3)\n")
    assert done.stderr.startswith(f"because\nmfasession: {happened}\n  hint: ")
    assert "123456" not in done.stderr
    assert made(aws, alice) == []
    assert alices_home.credentials.read_bytes() == before


def test_many_ask_and_the_script_runs_once(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """ByteNess/aws-vault#337: five processes at once without a session; one code serves them all."""
    use_command(alices_home, "sh", "-c", f"echo >>runs; echo {alice.devices[0].code()}")
    processes = [
        subprocess.Popen(
            [MFASESSION, "process"], env=alices_home.environ, cwd=alices_home.folder, stdout=subprocess.PIPE, text=True
        )
        for _ in range(5)
    ]
    answers = {process.communicate(timeout=scaled(60))[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 5
    assert len(answers) == 1
    assert made(aws, alice) == ["ok"]
    assert (alices_home.folder / "runs").read_text() == "\n"


# pinentry


@pytest.fixture
def pinentry_home(alices_home: Home) -> Home:
    """Alice's home with pinentry-curses as the pinentry that is found."""
    tools = alices_home.folder / "tools"
    tools.mkdir()
    (tools / "pinentry").symlink_to(need("pinentry-curses"))
    alices_home.environ["PATH"] = f"{tools}:{alices_home.environ['PATH']}"
    alices_home.write_settings(PINENTRY)
    return alices_home


@pytest.mark.parametrize("words", [(MFASESSION, "login"), (MFASESSION, "exec", "--", "true")], ids=["login", "exec"])
def test_pinentry_asks_on_the_terminal(
    pinentry_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """Its own screen names the device; the code that is typed there makes the session and is not shown."""
    code = alice.devices[0].code()
    with seat(pinentry_home, *words) as terminal:
        terminal.see("MFA code for")
        terminal.see(alice.devices[0].name)
        terminal.see("Code:")
        terminal.type(code + "\r")
        assert terminal.end() == 0, terminal.shown
    assert made(aws, alice) == ["ok"]
    assert code not in terminal.shown


def test_pinentry_asks_for_a_client(pinentry_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#605: behind a credential_process, whose streams are captured, the dialog is seen."""
    pinentry_home.config.write_text(
        f"[profile work]\nregion = eu-west-1\ncredential_process = {MFASESSION} process -p default\n"
    )
    words = (str(BIN / "aws"), "s3api", "list-buckets")
    with seat(pinentry_home, *words, environ={"AWS_PROFILE": "work"}) as terminal:
        terminal.see("Code:")
        terminal.type(alice.devices[0].code() + "\r")
        assert terminal.end() == 0, terminal.shown
    assert made(aws, alice) == ["ok"]


def test_pinentry_is_cancelled(pinentry_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Exit code 130, nothing sent and nothing written."""
    before = pinentry_home.credentials.read_bytes()
    with seat(pinentry_home, MFASESSION, "login") as terminal:
        terminal.see("Code:")
        terminal.type("\t\t\r")
        assert terminal.end() == 130
    assert "mfasession: cancelled" in terminal.seen
    assert made(aws, alice) == []
    assert pinentry_home.credentials.read_bytes() == before


def test_a_refused_code_is_asked_for_again_in_pinentry(pinentry_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """What AWS said stands in the next dialog."""
    wrong = f"{(int(alice.devices[0].code()) + 1) % 1_000_000:06}"
    with seat(pinentry_home, MFASESSION, "login") as terminal:
        terminal.see("Code:")
        terminal.type(wrong + "\r")
        terminal.see("AWS refused that code")
        terminal.see("Code:")
        terminal.type(alice.devices[0].code() + "\r")
        assert terminal.end() == 0, terminal.shown
    assert made(aws, alice) == ["AccessDenied", "ok"]


@pytest.mark.parametrize("words", [("login",), ("login", "--no-input"), ("env",)], ids=" ".join)
def test_pinentry_without_a_terminal(pinentry_home: Home, aws: Sandbox, words: tuple[str, ...]) -> None:
    """With neither a display nor a terminal: exit code 6, at once."""
    count = len(aws.calls())
    done = pinentry_home.run(*words)
    assert done.returncode == 6
    assert "mfasession: there is no session for profile default, and " in done.stderr
    assert len(aws.calls()) == count
