"""`mfasession status`: every session, whose it is, where it is kept, how long it lives."""

import json
import re
import time

from mfasession import timestamps
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import LEFT, complaint, have_session
from tests.helpers.support import KEY_ID, SECRET, Home, key_pair, session_section

NONE = "mfasession: no sessions; mfasession login makes one\n"
SERIAL = "arn:aws:iam::123456789012:mfa/phone"
IDENTITY = "mfasession_identity = arn:aws:iam::123456789012:user/alice\n"


def aged(section: str, left: int, life: int = 43200, **more: str) -> str:
    """A session with so many seconds left of its life."""
    now = int(time.time())
    issued = f"mfasession_issued = {timestamps.show(now + left - life)}\n"
    extra = issued + "".join(f"{name} = {value}\n" for name, value in more.items())
    return session_section(section, timestamps.show(now + left), extra=extra)


def test_no_sessions(home: Home) -> None:
    """Nothing on stdout, and nothing is wrong; with no files at all, too."""
    done = home.run("status")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", NONE)
    home.write_credentials(key_pair())
    done = home.run("status")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", NONE)
    done = home.run("status", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_the_table(home: Home) -> None:
    """Profile, identity, store, until when, and the time left as a bar; nothing on stderr."""
    role = "arn:aws:sts::123456789012:assumed-role/admin/alice"
    home.write_credentials(
        key_pair()
        + aged("default-mfa", 21000, mfasession_identity="arn:aws:iam::123456789012:user/team/alice")
        + aged("admin-mfa", -7200, mfasession_identity=role)
        + session_section("old-mfa", "2020-01-01T00:00:00Z", extra=f"mfasession_mfa_serial = {SERIAL}\n")
        + session_section("bare-mfa", "2099-01-01T00:00:00Z")
    )
    done = home.run("status")
    assert (done.returncode, done.stderr) == (0, "")
    head, default, admin, old, bare = done.stdout.splitlines()
    assert head.split() == ["PROFILE", "IDENTITY", "STORE", "VALID", "UNTIL"]
    bar = r"\[########\.\.\.\.\.\.\.\.\]"
    assert re.fullmatch(rf"default +team/alice in 123456789012 +file +{LEFT} \(5 h 50 min left\) +{bar}", default)
    assert re.fullmatch(r"admin +admin/alice in 123456789012 +file +expired 2 h ago +\[\.{16}\]", admin)
    assert re.fullmatch(r"old +123456789012 +file +expired \d+ h( \d+ min)? ago +\[\.{16}\]", old)
    assert re.fullmatch(rf"bare +- +file +{LEFT} \(\d+ h( \d+ min)? left\) +\[#{{16}}\]", bare)
    columns = {line.index(" file ") for line in (default, admin, old, bare)}
    assert len(columns) == 1


def test_the_json(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """One array for scripts: names, ARNs, RFC 3339, whole seconds; null where nothing is known, and no secret."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(
        f"[default]\nregion = eu-west-1\n[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n"
    )
    have_session(alices_home, alice.devices[0], "-p", "admin")
    done = alices_home.run("status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    user, admin = json.loads(done.stdout)
    assert 43190 <= user.pop("seconds_left") <= 43200
    assert 43190 <= timestamps.parse(user.pop("expiration")) - time.time() <= 43200
    assert user == {
        "profile": "default",
        "section": "default-mfa",
        "store": "file",
        "backend": None,
        "identity": alice.arn,
        "account": "123456789012",
        "mfa_serial": alice.devices[0].serial,
        "role_arn": None,
        "region": "eu-west-1",
        "valid": True,
    }
    assert (admin["profile"], admin["role_arn"], admin["valid"]) == ("admin", role.arn, True)
    assert 3590 <= admin["seconds_left"] <= 3600
    text = alices_home.credentials.read_text()
    secrets = re.findall(r"(?:secret_access_key|session_token) = (.+)", text)
    assert len(secrets) == 5
    assert not any(secret in done.stdout for secret in secrets)


def test_an_expired_session_in_json(home: Home) -> None:
    """Zero seconds, not fewer, and not valid."""
    home.write_credentials(key_pair() + session_section(expires="2020-01-01T00:00:00Z"))
    record = json.loads(home.run("status", "--json").stdout)[0]
    assert (record["valid"], record["seconds_left"], record["identity"]) == (False, 0, None)


def test_one_profile_answers_with_its_exit_code(home: Home) -> None:
    """`mfasession status -p work && …`: 0 for a valid session, 1 for none, an expired or a void one."""
    home.write_credentials(
        key_pair("work")
        + session_section("work-mfa")
        + key_pair("late")
        + session_section("late-mfa", "2020-01-01T00:00:00Z")
        + key_pair("bare")
        + key_pair("rotated", "AKIANEWNEWNEWNEWNEW1")
        + session_section("rotated-mfa", key_id=KEY_ID)
    )
    done = home.run("status", "-p", "work")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["PROFILE", "work"]
    for name in ("late", "bare", "rotated"):
        done = home.run("status", "-p", name)
        assert done.returncode == 1
        assert done.stderr == complaint(f"no valid session for profile {name}", f"mfasession login -p {name}")
        done = home.run("status", "--json", "-p", name)
        assert done.returncode == 1
        assert [record["valid"] for record in json.loads(done.stdout)] == ([False] if name == "late" else [])


def test_a_profile_of_the_environment_does_not_set_the_exit_code(home: Home) -> None:
    """AWS_PROFILE chooses for the other commands; `status` without -p shows all and ends with 0."""
    home.write_credentials(key_pair("work") + key_pair("other") + session_section("other-mfa"))
    done = home.run("status", environ={"AWS_PROFILE": "work"})
    assert done.returncode == 0
    assert "other" in done.stdout
    assert home.run("status", "-p", "nobody").returncode == 3


def test_the_profile_of_a_section_of_another_name(home: Home) -> None:
    """`session_profile` of the configuration: shown under the profile's own name."""
    home.write_settings('[profiles.work]\nsource = "key"\nsession_profile = "work"\n')
    home.write_credentials(key_pair("key") + session_section("work"))
    record = json.loads(home.run("status", "--json", "-p", "work").stdout)[0]
    assert (record["profile"], record["section"]) == ("work", "work")


def test_text_of_a_file_does_not_reach_the_terminal_raw(home: Home) -> None:
    """An escape sequence in a name or an ARN is shown as question marks, and no question is asked."""
    home.write_credentials(key_pair() + session_section(extra=IDENTITY.replace("alice", "al\x1b[2Jice")))
    done = home.run("status")
    assert "al?[2Jice in 123456789012" in done.stdout
    assert "\x1b" not in done.stdout
    assert SECRET not in done.stdout


def test_a_line_for_a_status_bar(home: Home) -> None:
    """One for each session; without one there is no line."""
    words = ("status", "--format", "{profile}: {left} {store} {account} {identity}")
    assert home.run(*words, "-p", "default").stdout == ""
    home.write_credentials(
        key_pair()
        + aged("default-mfa", 7 * 3600 + 42 * 60 + 30, mfasession_mfa_serial=SERIAL)
        + key_pair("old")
        + aged("old-mfa", -5)
    )
    done = home.run(*words)
    assert (done.returncode, done.stdout) == (0, "default: 7:42 file 123456789012 -\nold: expired file - -\n")


def test_a_field_that_does_not_exist(home: Home) -> None:
    """It is named, whether there are sessions or not."""
    done = home.run("status", "--format", "{profil}")
    hint = "the fields are profile, left, store, account, identity, expiration"
    assert (done.returncode, done.stderr) == (2, complaint("--format has no {profil}", hint))
