"""`mfasession keys list`: every key that can be seen, and never its secret."""

import json
import time

import pytest

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session, keys_of
from tests.helpers.kept_keys import NO_KEYRING, listed, two_lines
from tests.helpers.secret_service import SecretService
from tests.helpers.support import KEY_ID, SESSION_ID, Home, key_pair, session_section

LOGIN = "mfasession: age and last use are shown while there is a session: mfasession login\n"


def test_list_without_asking_aws(keyring_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """File and keyring, no request to AWS, and no session, no temporary key and no half a pair among them."""
    assert keyring_home.run("keys", "add", "-", "-p", "safe", stdin=two_lines(alice)).returncode == 0
    keyring_home.write_credentials(
        key_pair("plain") + session_section("plain-mfa") + key_pair("temporary", SESSION_ID) + "[half]\n"
        "aws_access_key_id = AKIAHALF\n"
    )
    aws.forget_calls()
    done = keyring_home.run("keys", "list")
    assert done.stdout.splitlines() == [
        "PROFILE  ACCESS KEY            USER  WHERE    STATUS  AGE  LAST USED",
        f"plain    {KEY_ID}  -     file     -       -    -",
        f"safe     {alice.key.access_key_id}  -     keyring  -       -    -",
        "the keyring is keyring.backends.SecretService.Keyring",
    ]
    assert (done.returncode, done.stderr) == (0, LOGIN)
    assert aws.calls() == []
    assert listed(keyring_home)[1] == {
        "profile": "safe",
        "access_key_id": alice.key.access_key_id,
        "store": "keyring",
        "backend": "keyring.backends.SecretService.Keyring",
        "path": None,
        "problem": None,
        "user": None,
        "account": None,
        "in_aws": None,
        "active": None,
        "created": None,
        "age_days": None,
        "ever_used": None,
        "last_used": None,
    }


def test_a_session_adds_what_aws_knows(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Age, status and last use of the user's keys, and that AWS has one which is not here."""
    have_session(alices_home, alice.devices[0])
    second = alice.add_key().access_key_id
    alice.set_key_status(second, "Inactive")
    aws.forget_calls()
    done = alices_home.run("keys", "list")
    today, of = time.strftime("%Y-%m-%d"), f"{alice.name} in 123456789012"
    assert done.stdout.splitlines() == [
        f"PROFILE  ACCESS KEY            {'USER':{len(of)}}  WHERE     STATUS    AGE  LAST USED",
        f"default  {alice.key.access_key_id}  {of}  file      active    0 d  {today}",
        f"-        {second}  {of}  not here  inactive  0 d  never",
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert {call.user for call in aws.calls()} == {alice.arn}
    assert not [call for call in aws.calls() if call.access_key_id == alice.key.access_key_id]
    rows = listed(alices_home)
    assert [(row["in_aws"], row["active"], row["age_days"], row["ever_used"]) for row in rows] == [
        (True, True, 0, True),
        (True, False, 0, False),
    ]
    assert str(rows[0]["last_used"]).endswith("Z")
    assert rows[1]["last_used"] is None


def test_a_key_that_aws_has_no_longer(alices_home: Home, alice: SandboxUser) -> None:
    """Deleted in the console: said, and not guessed from an error at the next login."""
    have_session(alices_home, alice.devices[0])
    alice.delete_key(alice.key.access_key_id)
    assert "not at AWS" in alices_home.run("keys", "list").stdout
    assert listed(alices_home)[0]["in_aws"] is False


@pytest.mark.parametrize(
    ("denied", "row", "said"),
    [
        ("ListAccessKeys", "file - - -", "AWS did not report ages: AWS denied ListAccessKeys"),
        ("GetAccessKeyLastUsed", "file active 0 d -", ""),
    ],
)
def test_when_iam_may_not_be_asked(home: Home, aws: Sandbox, denied: str, row: str, said: str) -> None:
    """A user without IAM permissions sees what is known without them, and why there is no more."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": f"iam:{denied}", "Resource": "*"}]}
    bob = aws.add_user(f"bob-{time.monotonic_ns()}", [rule.ALLOW_ALL, document])
    home.environ["AWS_ENDPOINT_URL"] = aws.url
    home.write_credentials(keys_of(bob))
    have_session(home, bob.add_device(f"phone-{bob.name}"))
    done = home.run("keys", "list")
    assert done.returncode == 0
    assert " ".join(done.stdout.splitlines()[1].split()).endswith(row)
    assert said in done.stderr
    assert bool(done.stderr) is bool(said)


def test_a_file_that_others_may_read(alices_home: Home, alice: SandboxUser) -> None:
    """Listed all the same, with how to fix it; the configuration file too when it holds a key."""
    alices_home.credentials.chmod(0o644)
    alices_home.config.write_text(f"[profile in-config]\n{key_pair('x').partition(chr(10))[2]}")
    alices_home.config.chmod(0o604)
    done = alices_home.run("keys", "list")
    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        ["default", alice.key.access_key_id],
        ["in-config", KEY_ID],
    ]
    said = [
        complaint(f"{path} is open to other users", f"chmod 600 {path}")
        for path in (alices_home.credentials, alices_home.config)
    ]
    assert done.stderr == "".join(said) + LOGIN
    assert [row["problem"] for row in listed(alices_home)] == [
        f"{path} is open to other users" for path in (alices_home.credentials, alices_home.config)
    ]


def test_one_profile(alices_home: Home, alice: SandboxUser) -> None:
    """-p: that one's key, a role's source's; exit 1 when it has none."""
    alices_home.write_credentials(keys_of(alice) + key_pair("other"))
    alices_home.config.write_text(
        "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = default\n"
        "[profile empty]\noutput = json\n"
    )
    for name in ("default", "admin"):
        assert [row["profile"] for row in listed(alices_home, "-p", name)] == ["default"]
    done = alices_home.run("keys", "list", "-p", "empty", environ=NO_KEYRING)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint("profile empty has no long-term key", "mfasession keys add -p empty") in done.stderr
    assert json.loads(alices_home.run("keys", "list", "--json", "-p", "empty", environ=NO_KEYRING).stdout) == []


def test_nothing_at_all(home: Home) -> None:
    """A fresh home: said, and how to begin."""
    done = home.run("keys", "list", environ=NO_KEYRING)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        "mfasession: no long-term keys; mfasession keys add keeps one\n",
    )


def test_without_a_keyring(home: Home) -> None:
    """Where every profile has its key in the file it is not missed; otherwise that is said."""
    home.write_credentials(key_pair())
    assert home.run("keys", "list", environ=NO_KEYRING).stderr == LOGIN
    home.config.write_text("[profile elsewhere]\noutput = json\n")
    done = home.run("keys", "list", environ=NO_KEYRING)
    assert (done.returncode, done.stderr) == (
        0,
        "mfasession: there is no keyring here: no key in it is shown\n" + LOGIN,
    )


def test_a_locked_keyring(keyring_home: Home, service: SecretService) -> None:
    """What the files have is shown; then exit 7, for the list is not whole."""
    keyring_home.write_credentials(key_pair())
    assert keyring_home.run("keys", "list").returncode == 0
    service.end_daemon()
    service.start_daemon(unlocked=False)
    done = keyring_home.run("keys", "list")
    assert done.returncode == 7
    assert KEY_ID in done.stdout
    assert "keyring" in done.stderr
