"""`mfasession uninstall`: all that mfasession wrote is gone, and files of others and long-term keys stay."""

import os
import shlex
from pathlib import Path

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.server.run_folder import SERVED
from tests.contracts.test_code_commands import keep_seed
from tests.helpers.checks import complaint, log_in
from tests.helpers.kept_keys import NO_KEYRING, foreign, places
from tests.helpers.support import BIN, Home, key_pair, need, session_section

BASHRC = "alias ll='ls -l'\n# without a line end"
SYSTEMCTL = ("bin/systemctl", "bin/log")


def own_files(home: Home) -> list[str]:
    """The files of this home that are not there before a first command."""
    found = (str(path.relative_to(home.folder)) for path in home.folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in (".aws/credentials", ".aws/config", ".bashrc", *SYSTEMCTL))


def keyring_items(home: Home) -> list[str]:
    """The names of our items in the keyring."""
    code = "from mfasession.stores.keyrings import items; print(*items.item_names(), sep='\\n')"
    done = home.run_program(str(BIN / "python"), "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def with_systemctl(home: Home) -> None:
    """A systemctl that notes its words: there is no systemd of a user here."""
    program = home.folder / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{shlex.quote(str(program.parent / "log"))}\n')
    program.chmod(0o755)
    home.environ["PATH"] = f"{program.parent}:{home.environ['PATH']}"


def before_init(home: Home, user: SandboxUser, aws: Sandbox) -> dict[Path, bytes]:
    """AWS files and a start-up file as a user has them: with a key, comments and two roles."""
    home.write_credentials(f"{foreign(user)}\n")
    roles = {name: aws.add_role(f"{name}-{user.name}", trusted=[user.arn]) for name in ("admin", "ops")}
    text = "".join(f"\n[profile {name}]\nrole_arn={role.arn}\nsource_profile=default\n" for name, role in roles.items())
    home.config.write_text(f"# mine\n[default]\nregion = eu-west-1\n{text}# behind\n")
    (home.folder / ".bashrc").write_text(BASHRC)
    paths = (home.credentials, home.config, home.folder / ".bashrc")
    return {path: path.read_bytes() for path in paths}


def use_everything(home: Home, user: SandboxUser) -> None:
    """Have mfasession write all that it writes: a profile, hooks, a timer, settings, sessions, runs and their state."""
    with_systemctl(home)
    home.write_settings('[profiles.admin]\nstore = "keyring"\n')
    for words in (
        ("shell", "init", "bash", "--install", "--yes"),
        ("shell", "init", "nu", "--install", "--yes"),
        ("notify", "--install", "--yes"),
        ("init", "--tool-profile", "tools", "--yes"),
        ("init", "-p", "admin", "--tool-profile", "for-admin", "--region", "eu-west-2", "--yes"),
        ("login", "--code", user.devices[0].code()),
        ("login", "-p", "admin"),
    ):
        done = home.run(*words)
        assert done.returncode == 0, done.stderr
    (home.folder / ".local/state/mfasession" / f"{SERVED}left").mkdir()


def test_a_home_with_everything(keyring_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """Nothing of ours is left, also in the keyring; the AWS files and the start-up file are as before, to the byte."""
    home = keyring_home
    files = before_init(home, alice, aws)
    use_everything(home, alice)
    used = {path: path.read_bytes() for path in files}
    assert all(used[path] != files[path] for path in files)
    assert keyring_items(home) == ["session/admin-mfa"]
    asked = home.run("uninstall")
    assert asked.returncode == 6
    assert asked.stderr.endswith("  hint: mfasession uninstall --yes\n")
    assert {path: path.read_bytes() for path in files} == used
    done = home.run("uninstall", "--yes")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    state = home.folder / ".local/state/mfasession"
    for line in (
        f"[default-mfa] in {home.credentials}: a session",
        "[admin-mfa] in the keyring store: a session",
        f"{home.config}: lines that run mfasession",
        f"{home.folder / '.bashrc'}: the shell hook",
        f"{home.folder / '.config/systemd/user/mfasession-notify.timer'}: the timer of `notify`",
        f"{home.settings}: your settings",
        f"{state}: the state: devices, lists of sessions, locks",
    ):
        assert f"mfasession: {line}\n" in done.stderr
    assert "\n  -[profile tools]\n" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mfasession: to remove the program itself: ")
    assert alice.key.secret_access_key.reveal() not in done.stderr
    assert {path: path.read_bytes() for path in files} == files
    assert own_files(home) == []
    assert keyring_items(home) == []
    assert "--user disable --now mfasession-notify.timer" in (home.folder / SYSTEMCTL[1]).read_text()
    again = home.run("uninstall")
    assert again.returncode == 0
    assert again.stderr.startswith("mfasession: nothing to remove\n")


def test_killed_in_the_middle(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """At the first and at a later change: the next run ends it, and no file of others is harmed."""
    home = alices_home
    home.environ |= NO_KEYRING
    files = before_init(home, alice, aws)
    home.write_settings("")
    for words in (("shell", "init", "bash", "--install", "--yes"), ("init", "--tool-profile", "tools", "--yes")):
        assert home.run(*words).returncode == 0
    text = home.credentials.read_text()
    home.write_credentials(f"{text}\n{session_section()}\n{session_section('other-mfa')}")
    for number in (1, 2):
        kill = ("-e", "trace=renameat2", "-e", f"inject=renameat2:signal=KILL:when={number}")
        home.run_program(need("strace"), "-qq", "-o", os.devnull, *kill, str(BIN / "mfasession"), "uninstall", "--yes")
    done = home.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in files} == files
    assert own_files(home) == []


def test_keys_stay_unless_asked_for(keyring_home: Home, alice: SandboxUser) -> None:
    """A key that only the keyring has: listed first, kept and found again; gone with --keys."""
    home = keyring_home
    log_in(home, alice.devices[0])
    keep_seed(home, alice)
    assert home.run("keys", "protect").returncode == 0
    done = home.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    key = f"long-term key {alice.key.access_key_id} of profile default, in the keyring"
    seed = f"seed of device {alice.devices[0].serial}, in the keyring"
    assert done.stderr.startswith(f"mfasession: stays: {key}\nmfasession: stays: {seed}\n")
    hint = "mfasession keys move --to file puts a key back; mfasession uninstall --keys deletes them"
    assert complaint("keys and seeds stay, because they are in no AWS file", hint) in done.stderr
    assert keyring_items(home) == ["key/default", f"seed/{alice.devices[0].serial}"]
    assert own_files(home) == [".local/state/mfasession/keyring-keys"]
    assert places(home) == [("default", alice.key.access_key_id, "keyring")]
    assert home.run("uninstall", "--keys").returncode == 6
    assert len(keyring_items(home)) == 2
    done = home.run("uninstall", "--keys", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"mfasession: {key}\nmfasession: {seed}\n")
    assert keyring_items(home) == []
    assert own_files(home) == []


def test_the_encrypted_file_stays_unless_asked_for(alices_home: Home, alice: SandboxUser) -> None:
    """It is deleted without its passphrase, which need not be known any more."""
    home = alices_home
    home.environ |= NO_KEYRING
    passphrase = {"MFASESSION_PASSPHRASE_COMMAND": "echo 'correct horse'"}
    assert home.run("keys", "move", "--to", "encrypted-file", environ=passphrase).returncode == 0
    path = home.folder / ".local/share/mfasession/keys.encrypted"
    done = home.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"stays: long-term key {alice.key.access_key_id} of profile default, in {path}\n" in done.stderr
    assert own_files(home) == [".local/share/mfasession/keys.encrypted"]
    assert home.run("uninstall", "--keys", "--yes").returncode == 0
    assert own_files(home) == []


def test_what_others_wrote_stays(home: Home) -> None:
    """Another program's credential_process, a hook in a line of the user's own, a broken config.toml of ours goes."""
    home.environ |= NO_KEYRING
    lines = "[profile a]\ncredential_process = aws-vault export mfasession\n[profile b]\nregion = eu-west-1\n"
    line = "credential_process = /opt/mfasession process -p b\n"
    home.config.write_text(f"{lines}{line}# behind\noutput = json\n")
    home.write_credentials(key_pair("b"))
    (home.folder / ".bashrc").write_text('eval "$(mfasession shell init bash)"\n')
    home.write_settings("store = [\n")
    done = home.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    assert (
        complaint(f"the hook is in a line of your own in {home.folder / '.bashrc'}", "delete that line") in done.stderr
    )
    assert home.config.read_text() == f"{lines}# behind\noutput = json\n"
    assert home.credentials.read_text() == key_pair("b")
    assert (home.folder / ".bashrc").read_text() == 'eval "$(mfasession shell init bash)"\n'
    assert own_files(home) == []


def test_a_hook_in_a_file_that_is_no_longer_the_first(home: Home) -> None:
    """With a ~/.tcshrc, tcsh reads no ~/.cshrc; and a line of the user's own is found in any file of a shell."""
    home.environ |= NO_KEYRING
    (home.folder / ".cshrc").write_text("set mine\n")
    assert home.run("shell", "init", "tcsh", "--install", "--yes").returncode == 0
    (home.folder / ".tcshrc").write_text("set newer\n")
    (home.folder / ".profile").write_text('eval "$(mfasession shell init bash)"\n')
    done = home.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    assert (home.folder / ".cshrc").read_text() == "set mine\n"
    assert f"the hook is in a line of your own in {home.folder / '.profile'}" in done.stderr


def test_it_is_about_all_profiles(home: Home) -> None:
    """-p would be taken for a limit."""
    done = home.run("uninstall", "-p", "work", "--yes")
    assert (done.returncode, done.stderr) == (2, complaint("uninstall is about all profiles", "leave -p out"))
