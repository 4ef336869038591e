"""The commands that are disturbed, a line each: what they are called, their words, and what they find."""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from mfasession import timestamps
from mfasession.stores.index import session_text
from mfasession.values import Session
from tests.helpers.checks import remember_device
from tests.helpers.faults import encrypted
from tests.helpers.faults.file_keyring import item_path
from tests.helpers.faults.injection import HEAD, TAIL, Command, Trial
from tests.helpers.faults.left_files import RULE, key_in_csv, rule_to_fix, section_of_aws_mfa, wrong_header
from tests.helpers.support import key_pair, made_session, session_section

AGING, LIVE = 300, 12 * 3600
"""Seconds that a session has left when the command begins."""
Preparation = Callable[[Trial], None]
_HALF = re.compile(r"^aws_(?:access_key_id|secret_access_key)\s*[:=]\s*(\S+)", re.MULTILINE | re.IGNORECASE)
"""A half of a key pair in an AWS file."""


def nothing_more(trial: Trial) -> None:
    """Only the long-term key, and sections of others."""


def all_of(*preparations: Preparation) -> Preparation:
    """One after the other."""

    def prepare(trial: Trial) -> None:
        for preparation in preparations:
            preparation(trial)

    return prepare


def settings(text: str) -> Preparation:
    """A config.toml that has not been read before."""

    def prepare(trial: Trial) -> None:
        trial.home.write_settings(text)
        trial.home.settings.chmod(0o600)

    return prepare


def in_file(left: int) -> Preparation:
    """A session between other sections of the credentials file."""

    def prepare(trial: Trial) -> None:
        expires = timestamps.show(int(time.time()) + left)
        section = session_section(expires=expires, key_id=trial.user.key.access_key_id)
        trial.home.write_credentials(HEAD + trial.key + "\n" + section + TAIL)

    return prepare


def aged_session(trial: Trial, left: int) -> Session:
    """A session of the trial's user with so many seconds left."""
    now = int(time.time())
    return made_session(
        issued=now + left - LIVE,
        expires=now + left,
        key_id=trial.user.key.access_key_id,
        mfa_serial=trial.device.serial,
        identity=trial.user.arn,
    )


def in_keyring(left: int) -> Preparation:
    """A session in the keyring, listed after another program's."""

    def prepare(trial: Trial) -> None:
        item(trial, "session/default-mfa", session_text.write("default-mfa", aged_session(trial, left)))
        item(trial, "session/other-mfa", "not ours to read")
        index = trial.home.folder / ".local/state/mfasession/keyring.sessions"
        index.parent.mkdir(parents=True)
        index.write_text("other-mfa\ndefault-mfa\n")
        index.chmod(0o600)

    return prepare


def in_kernel(left: int) -> Preparation:
    """A session in the kernel's keyring, which is the store."""

    def prepare(trial: Trial) -> None:
        settings(KERNEL)(trial)
        if left:
            trial.kernel.save("default-mfa", aged_session(trial, left))

    return prepare


def item(trial: Trial, name: str, text: str) -> None:
    """Put an item into the keyring."""
    path = item_path(trial.home.folder, name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def seed(trial: Trial) -> None:
    """The device's seed in the keyring, for `code = "totp"`."""
    item(trial, f"seed/{trial.device.serial}", trial.device.seed)


def remembered(trial: Trial) -> None:
    """The device that the key has used before."""
    remember_device(trial.home, trial.user)


def command_source(trial: Trial) -> None:
    """A program that prints the code."""
    settings(f'code = {{ command = ["cat", "{trial.outside / "code"}"] }}\n')(trial)


def key_in_keyring(trial: Trial) -> None:
    """The long-term key in the keyring, and in no file."""
    key = trial.user.key
    fields = {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key.reveal()}
    item(trial, "key/default", json.dumps(fields, separators=(",", ":")))
    trial.home.write_credentials(HEAD + TAIL)


def a_passphrase(trial: Trial) -> None:
    """A program that prints the passphrase of the encrypted file."""
    trial.home.environ |= encrypted.ENVIRON


def key_in_encrypted_file(trial: Trial) -> None:
    """The long-term key in the encrypted file, and in no other."""
    a_passphrase(trial)
    encrypted.write(trial.home.folder, trial.user.key)
    trial.home.write_credentials(HEAD + TAIL)


def a_role(trial: Trial) -> None:
    """A profile with a role that trusts her."""
    role = trial.aws.add_role(f"admin-{trial.user.name}", trusted=[trial.user.arn])
    lines = f"\n[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n"
    trial.home.config.write_text(trial.home.config.read_text() + lines)


def logged_in(trial: Trial) -> None:
    """A session that AWS knows, where the settings say, made with a code of the minute before."""
    done = trial.home.run("login", "--serial", trial.device.serial, "--code", trial.device.code(-1))
    assert done.returncode == 0, done.stderr


def its_key(trial: Trial, _code: str) -> str:
    """The user's long-term key in two lines."""
    return f"{trial.user.key.access_key_id}\n{trial.user.key.secret_access_key.reveal()}\n"


def a_key_works(trial: Trial) -> None:
    """On the way to a new key the one that is in place is always one that AWS takes."""
    done = trial.home.run("keys", "list", "-p", "default", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = [each for each in json.loads(done.stdout) if each["store"]]
    statuses = trial.user.key_statuses()
    assert statuses.get(row["access_key_id"]) == "Active", f"{row['access_key_id']} is in place, AWS has {statuses}"


def step_by_step(_trial: Trial) -> None:
    """One session or key goes after the other: that each file is sound is all that holds meanwhile."""


def key_in_config(trial: Trial) -> None:
    """Another user's key in the configuration; what there is then is kept outside, for `each_key_in_one_place`."""
    key, own = trial.aws.add_user(f"{trial.user.name}-too").key, trial.user.key
    secret = key.secret_access_key.reveal()
    with trial.home.config.open("a") as file:
        file.write("\n" + key_pair("profile work", key.access_key_id, secret))
    keys = {
        "other": ["AKIAOTHEROTHEROTHER1", "other"],
        "default": [own.access_key_id, own.secret_access_key.reveal()],
        "work": [key.access_key_id, secret],
    }
    (trial.outside / "keys").write_text(json.dumps(keys))
    for path in (trial.home.credentials, trial.home.config):
        shutil.copy(path, trial.outside)


def each_key_in_one_place(trial: Trial) -> None:
    """Each key is whole in its file or in the keyring, and the files have all their other bytes."""
    paths = (trial.home.credentials, trial.home.config)
    halves = {half for path in paths for half in _HALF.findall(path.read_text())}
    gone: set[str] = set()
    for profile, pair in json.loads((trial.outside / "keys").read_text()).items():
        kept = item_path(trial.home.folder, f"key/{profile}")
        if kept.exists():
            found = json.loads(kept.read_text())
            assert [found["access_key_id"], found["secret_access_key"]] == pair, f"{profile} has another key"
        else:
            assert halves.issuperset(pair), f"the key of {profile} is lost"
        if not halves.issuperset(pair):
            gone.update(pair)
    for path in paths:
        lines = (trial.outside / path.name).read_text().splitlines(keepends=True)
        left = [line for line in lines if not gone.intersection(_HALF.findall(line))]
        assert path.read_text() == "".join(left), f"{path.name} lost something else, or has half a key"


KEYRING = 'store = "keyring"\n'
KERNEL = 'store = "kernel"\n'
CODE = ("--code", "CODE")
NOTHING = ("--", sys.executable, "-c", "")
EXEC = ("exec", *NOTHING)
AD_HOC = ("--role-arn", "ROLE")
EXEC_MANY = ("exec", "-p", "default", "-p", "admin", *NOTHING)
EACH_REPORTED = r"(mfasession: [^\n]+\n(  hint: [^\n]+\n)?)+"
"""What runs for many says of each, and of all."""
TABLE = r"(PROFILE  SESSION\n(\S+ +(failed|until [^\n]+)\n)+)?"
"""What `login` ends with for several profiles."""
CHANGES_SHOWN = r"((mfasession: |  )[^\n]*\n)+  hint: [^\n]+\n"
"""The diffs that stand before a message."""
EACH_MOVED = r"(mfasession: [^\n]+\n(  (hint:|credential_process =) [^\n]+\n)?)*mfasession: [^\n]+\n  hint: [^\n]+\n"
"""As EACH_REPORTED, with the line by which SDKs reach each key."""
ASK = """
import os, urllib.request
token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
uri = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
urllib.request.urlopen(urllib.request.Request(uri, headers={"Authorization": token})).read()
"""
"""A command that takes its credentials from the endpoint."""
EXEC_SERVER = ("exec", "--server", "--", sys.executable, "-c", ASK)
SERVED_ONCE = (sys.executable, "-m", "tests.helpers.faults.served_once")
SERVE = ("serve", "--shell", "json")
API = """
import sys
import mfasession
from mfasession import exit_codes
try:
    mfasession.session("default").client("s3").list_buckets()
except mfasession.MfaSessionError as error:
    sys.stderr.write(f"mfasession: {error.message}\\n  hint: {error.hint}\\n")
    sys.exit(exit_codes.of(error))
"""
"""A program that reports a failure as the command does."""

REMOVE = Command(
    "keys remove", ("keys", "remove", "--yes"), all_of(in_file(LIVE), in_keyring(LIVE)), steps=step_by_step
)
PROTECT_ALL = Command(
    "keys protect --all",
    ("keys", "protect", "--all", "--yes"),
    all_of(in_file(LIVE), key_in_config),
    steps=each_key_in_one_place,
    kept=("# mine\n[other]\n", TAIL),
    complaint=EACH_MOVED,
)
THE_FIRST = Command("login, the first", ("login", *CODE), nothing_more)
"""Lists the user's devices. All others know the device: to list takes longer than all the rest."""
OTHERS = (
    Command("login, device known", ("login", *CODE), nothing_more),
    Command("login, renewal", ("login", *CODE), all_of(settings(""), in_file(AGING))),
    Command("login --force", ("login", "--force", *CODE), in_file(LIVE)),
    Command("login --code -", ("login", "--code", "-"), nothing_more, stdin=lambda _trial, code: f"{code}\n"),
    Command("login, code = command", ("login",), command_source, age=60, starts_others=True),
    Command("login, code = totp", ("login",), all_of(settings('code = "totp"\n'), seed)),
    Command("login, keyring", ("login", *CODE), settings(KEYRING)),
    Command("login --force, keyring", ("login", "--force", *CODE), all_of(settings(KEYRING), in_keyring(LIVE))),
    Command("login, kernel", ("login", *CODE), in_kernel(0)),
    Command("login --force, kernel", ("login", "--force", *CODE), in_kernel(LIVE)),
    # A failing keyring does not block the other store: what stays in it goes with a later login or logout.
    Command(
        "login --store file",
        ("login", "--store", "file"),
        in_keyring(LIVE),
        may_stay=("keyring/", ".local/state/mfasession/keyring.sessions"),
        exits=(3, 6, 7),
    ),
    Command("login --store keyring", ("login", "--store", "keyring"), in_file(LIVE)),
    Command(
        "login, many",
        ("login", "-p", "default", "-p", "admin", *CODE),
        a_role,
        steps=step_by_step,
        complaint=EACH_REPORTED + TABLE,
    ),
    Command("profiles", ("profiles",), all_of(settings(""), in_file(LIVE))),
    Command("whoami", ("whoami",), logged_in),
    Command("logout", ("logout",), in_file(LIVE)),
    Command("logout, keyring", ("logout",), all_of(settings(KEYRING), in_keyring(LIVE))),
    Command("login --store kernel", ("login", "--store", "kernel"), in_file(LIVE)),
    Command("logout, kernel", ("logout",), in_kernel(LIVE)),
    Command("logout --all", ("logout", "--all"), all_of(in_file(LIVE), in_keyring(LIVE)), steps=step_by_step),
    Command("status", ("status",), all_of(settings(""), in_file(LIVE))),
    Command("env", ("env",), all_of(settings(""), in_file(LIVE))),
    Command("process", ("process",), all_of(settings(KEYRING), in_keyring(LIVE))),
    Command("process, kernel", ("process",), in_kernel(LIVE)),
    Command("exec", EXEC, all_of(settings(""), in_file(LIVE)), starts_others=True),
    Command("env, renewal", ("env",), all_of(command_source, in_file(AGING)), age=60, starts_others=True),
    Command("process, renewal", ("process",), all_of(command_source, in_keyring(AGING)), age=60, starts_others=True),
    Command("exec, the first", EXEC, command_source, age=60, starts_others=True),
    Command("console", ("console", "-p", "admin", "--print", "--duration", "12h", *CODE), a_role),
    Command("role", ("process", "-p", "admin"), all_of(a_role, logged_in)),
    Command("role, keyring", ("env", "-p", "admin"), all_of(settings(KEYRING), a_role, logged_in)),
    Command("role, renewal", ("login", "-p", "admin", *CODE), all_of(a_role, in_file(-1)), steps=step_by_step),
    Command(
        "exec, many", EXEC_MANY, all_of(a_role, logged_in), starts_others=True, exits=(1, 3, 7), complaint=EACH_REPORTED
    ),
    Command("exec --role-arn", ("exec", *AD_HOC, *NOTHING), all_of(a_role, logged_in), starts_others=True),
    Command("login --role-arn", ("login", *AD_HOC, *CODE), a_role, steps=step_by_step),
    Command("exec --server", EXEC_SERVER, all_of(settings(""), in_file(LIVE)), starts_others=True),
    Command("exec --server, the first", EXEC_SERVER, command_source, age=60, starts_others=True),
    Command("serve", SERVE, all_of(settings(""), in_file(LIVE)), program=SERVED_ONCE, starts_others=True),
    Command("serve, the first", SERVE, command_source, program=SERVED_ONCE, age=60, starts_others=True),
    Command(
        "API, renewal",
        (API,),
        all_of(command_source, in_file(AGING)),
        program=(sys.executable, "-c"),
        age=60,
        starts_others=True,
    ),
    Command("keys add", ("keys", "add", "-", "-p", "work"), nothing_more, stdin=its_key),
    Command(
        "keys add --store file", ("keys", "add", "-", "-p", "work", "--store", "file"), nothing_more, stdin=its_key
    ),
    Command("config set", ("config", "set", "store", "keyring"), settings("# mine\nstore = 'file'  # here\n")),
    Command("config unset", ("config", "unset", "store"), settings("# mine\nstore = 'file'  # here\n")),
    Command("keys protect", ("keys", "protect"), in_file(LIVE)),
    Command("init", ("init", "--no-login", "--yes"), in_file(LIVE), complaint=CHANGES_SHOWN),
    Command(
        "init, import",
        ("init", "-p", "old", "--store", "keyring", "--no-login", "--yes"),
        all_of(settings("# mine\n"), section_of_aws_mfa),
        complaint=CHANGES_SHOWN,
    ),
    PROTECT_ALL,
    Command(
        "doctor --fix",
        ("doctor", "-p", "default", "--offline", "--fix", "--yes"),
        all_of(key_in_keyring, wrong_header),
        complaint=CHANGES_SHOWN,
        finds=True,
    ),
    Command(
        "import aws-mfa",
        ("import", "aws-mfa", "--yes"),
        all_of(settings("# mine\n"), section_of_aws_mfa),
        complaint=EACH_REPORTED,
    ),
    Command("import csv", ("import", "csv", "key.csv", "-p", "work", "--yes"), key_in_csv, complaint=EACH_REPORTED),
    Command("keys rotate, file", ("keys", "rotate", "--force", *CODE), nothing_more, steps=a_key_works),
    Command("keys rotate, keyring", ("keys", "rotate", "--force", *CODE), key_in_keyring, steps=a_key_works),
    Command("login, encrypted-file", ("login", *CODE), key_in_encrypted_file, starts_others=True),
    Command(
        "keys add, encrypted-file",
        ("keys", "add", "-", "-p", "work", "--store", "encrypted-file"),
        a_passphrase,
        stdin=its_key,
        starts_others=True,
    ),
    Command(
        "keys move",
        ("keys", "move", "--to", "encrypted-file"),
        all_of(a_passphrase, in_file(LIVE)),
        starts_others=True,
    ),
    Command("keys move, back", ("keys", "move", "--to", "keyring"), key_in_encrypted_file, starts_others=True),
    Command("keys passphrase", encrypted.CHANGE, key_in_encrypted_file, starts_others=True),
    Command(
        "keys rotate, encrypted-file",
        ("keys", "rotate", "--force", *CODE),
        key_in_encrypted_file,
        steps=a_key_works,
        starts_others=True,
    ),
    REMOVE,
    Command("policy lint --fix", ("policy", "lint", "--fix", RULE), rule_to_fix),
)
COMMANDS = (THE_FIRST, *(replace(other, prepare=all_of(other.prepare, remembered)) for other in OTHERS))
