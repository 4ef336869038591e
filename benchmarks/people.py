"""Users of the sandbox who have a device and a home folder, before their first login of the day."""

from pathlib import Path

from benchmarks import rivals
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import Home, key_pair


def user_of(aws: Sandbox, name: str) -> SandboxUser:
    """Add a user with a device: a code is good once, so each login is another user's."""
    user = aws.add_user(name)
    user.add_device(name)
    return user


def home_of(folder: Path, aws: Sandbox, user: SandboxUser, config: str = "") -> Home:
    """Make a home with the user's key and nothing that only one program reads."""
    home = Home(folder, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    secret, serial = user.key.secret_access_key.reveal(), user.devices[0].serial
    home.write_credentials(key_pair("default", user.key.access_key_id, secret))
    home.config.write_text(f"[default]\nregion = eu-west-1\nmfa_serial = {serial}\n{config}")
    return home


def aws_mfa_home_of(folder: Path, aws: Sandbox, user: SandboxUser) -> Home:
    """Make such a home whose key and device are where aws-mfa looks for them."""
    home = home_of(folder, aws, user)
    secret, serial = user.key.secret_access_key.reveal(), user.devices[0].serial
    pair = key_pair("default-long-term", user.key.access_key_id, secret)
    home.write_credentials(f"{pair}aws_mfa_device = {serial}\n")
    return home


def vault_home_of(folder: Path, aws: Sandbox, user: SandboxUser, config: str = "") -> Home:
    """Make such a home whose key is in aws-vault's encrypted file."""
    home = home_of(folder, aws, user, config)
    environ = rivals.vault_environ(folder)
    home.environ |= {name: value for name, value in environ.items() if name.startswith("AWS_VAULT_")}
    secret, serial = user.key.secret_access_key.reveal(), user.devices[0].serial
    rivals.plant(folder, environ, user.key.access_key_id, secret, serial, lives=False)
    return home
