"""A kept session is void when its long-term key, its device or its role changed; else it serves."""

import json

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session, section
from tests.helpers.support import Home, key_pair

GONE = complaint(
    "there is no session for profile default, and there is no terminal to ask for a code", "mfasession login"
)


def test_another_key_voids_it(alices_home: Home, alice: SandboxUser) -> None:
    """A rotated key: the old session is not handed out as if it were the new key's."""
    have_session(alices_home, alice.devices[0])
    text = alices_home.credentials.read_text()
    new = alice.add_key()
    head = key_pair("default", new.access_key_id, new.secret_access_key.reveal())
    alices_home.write_credentials(head + "\n[default-mfa]" + text.split("[default-mfa]")[1])
    done = alices_home.run("process")
    assert (done.returncode, done.stdout, done.stderr) == (6, "", GONE)
    have_session(alices_home, alice.devices[0], steps=1)
    assert section(alices_home.credentials, "default-mfa")["mfasession_key_id"] == new.access_key_id


def test_another_device_voids_it(alices_home: Home, alice: SandboxUser) -> None:
    """A lost phone: once the profile names the new device, a session of the old one is not used."""
    have_session(alices_home, alice.devices[0])
    new = alice.add_device(f"new-{alice.name}")
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    assert alices_home.run("process").returncode == 0
    alices_home.config.write_text(f"[default]\nmfa_serial = {new.serial}\n")
    done = alices_home.run("process")
    assert (done.returncode, done.stderr) == (6, GONE)
    have_session(alices_home, new)
    assert alices_home.run("process").returncode == 0


def test_a_device_of_the_command_line_serves_a_profile_that_names_another(
    alices_home: Home, alice: SandboxUser
) -> None:
    """`login --serial BACKUP` on the day the phone is at home: it is used, for the profile has not changed."""
    backup = alice.add_device(f"backup-{alice.name}")
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    have_session(alices_home, backup)
    kept = section(alices_home.credentials, "default-mfa")
    assert kept["mfasession_mfa_serial"] == backup.serial
    for words in (("process",), ("login", "--no-input"), ("status", "-p", "default")):
        done = alices_home.run(*words)
        assert done.returncode == 0, done.stderr
    have_session(alices_home, alice.devices[0], "--force")
    assert section(alices_home.credentials, "default-mfa")["mfasession_mfa_serial"] == alice.devices[0].serial


def role_config(aws: Sandbox, alice: SandboxUser, *names: str, more: str = "") -> str:
    """Profiles of roles that alice may assume."""
    roles = [aws.add_role(f"{name}-{alice.name}", trusted=[alice.arn], require_mfa=True) for name in names]
    return "".join(
        f"[profile {name}]\nrole_arn = {role.arn}\nsource_profile = default\n{more}"
        for name, role in zip(names, roles, strict=True)
    )


def test_one_code_serves_all_roles(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """fwdcloudsec/granted#768: the MFA session of the source is used again; a role takes no code."""
    alices_home.config.write_text(role_config(aws, alice, "admin", "audit"))
    have_session(alices_home, alice.devices[0], "-p", "admin")
    for name in ("admin", "audit"):
        done = alices_home.run("exec", "-p", name, "--no-input", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
        assert done.returncode == 0, done.stderr
        kept = section(alices_home.credentials, f"{name}-mfa")
        assert done.stdout.strip() == kept["aws_access_key_id"]
        assert kept["mfasession_identity"].endswith(f":assumed-role/{name}-{alice.name}/{alice.name}")
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_another_role_voids_it(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The profile's role_arn was edited: the old role's credentials are not handed out."""
    both = role_config(aws, alice, "admin", "audit")
    alices_home.config.write_text(both)
    have_session(alices_home, alice.devices[0], "-p", "admin")
    alices_home.config.write_text(both.replace(f"role/admin-{alice.name}", f"role/audit-{alice.name}"))
    done = alices_home.run("process", "-p", "admin")
    assert done.returncode == 0, done.stderr
    kept = section(alices_home.credentials, "admin-mfa")
    assert kept["mfasession_role_arn"].endswith(f"role/audit-{alice.name}")
    assert json.loads(done.stdout)["AccessKeyId"] == kept["aws_access_key_id"]


def test_the_serial_of_the_command_line_reaches_the_source_of_a_role(
    aws: Sandbox, alices_home: Home, alice: SandboxUser
) -> None:
    """`login -p admin --serial BACKUP`: the code is the source's, and the role's session stays good afterwards."""
    backup = alice.add_device(f"backup-{alice.name}")
    serial = f"mfa_serial = {alice.devices[0].serial}\n"
    alices_home.config.write_text(f"[default]\n{serial}" + role_config(aws, alice, "admin", more=serial))
    have_session(alices_home, backup, "-p", "admin")
    assert section(alices_home.credentials, "default-mfa")["mfasession_mfa_serial"] == backup.serial
    aws.forget_calls()
    for name in ("admin", "default"):
        done = alices_home.run("process", "-p", name)
        assert done.returncode == 0, done.stderr
    assert aws.calls() == []


def test_a_new_region_is_used_at_once(alices_home: Home, alice: SandboxUser) -> None:
    """The region is the profile's as it is now, not as it was at the login in the morning."""
    # A user's own variable would stay.
    del alices_home.environ["AWS_REGION"]
    alices_home.config.write_text("[default]\nregion = eu-west-1\n")
    have_session(alices_home, alice.devices[0])
    alices_home.config.write_text("[default]\nregion = eu-central-1\n")
    values = json.loads(alices_home.run("env", "--shell", "json").stdout)
    assert (values["AWS_REGION"], values["AWS_DEFAULT_REGION"]) == ("eu-central-1", "eu-central-1")
