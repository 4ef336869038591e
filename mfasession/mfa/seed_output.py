"""Hands over the seed of a new device: on the terminal, as a PNG image, to the keyring or the like, to a program."""

import os
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from mfasession import terminal
from mfasession.aws.model import Device
from mfasession.errors import ConfigurationError, InputNeeded, StoreError
from mfasession.files import replace
from mfasession.mfa import program
from mfasession.stores.keyrings.items import forget_item, write_item
from mfasession.stores.keyrings.keys import save_seed
from mfasession.terminal import Terminal, qr
from mfasession.values import Secret, Value

if TYPE_CHECKING:
    from mfasession.stores.encrypted.seeds import Seeds

ISSUER = "AWS"


class Seed(Value):
    """The seed that is handed over."""

    device: Device
    secret: Secret
    """Base32."""

    @property
    def uri(self) -> Secret:
        """The otpauth address: key URI format, with the label that the IAM API Reference gives."""
        label = quote(f"{self.device.name}@{self.device.account}", safe="@")
        fields = urlencode({"secret": self.secret.reveal(), "issuer": ISSUER})
        return Secret(f"otpauth://totp/{ISSUER}:{label}?{fields}")


class SeedOutputs(Value):
    """Where the seed goes; the terminal unless another place is given."""

    png: str = ""
    keyring: bool = False
    seeds: "Seeds | None" = None
    """The encrypted file, when the seed goes there."""
    command: tuple[str, ...] = ()
    secret: bool = False
    """Show the seed as text too, for those who cannot scan."""

    @property
    def on_terminal(self) -> bool:
        """Whether it is shown on a terminal."""
        return self.secret or not (self.png or self.keyring or self.seeds or self.command)

    def check(self, seed: Seed | None, *, no_input: bool) -> None:
        """Raise foreseeable errors of `hand`, before AWS creates a seed.

        `seed` is that of a waiting device, whose image may exist already.
        """
        if self.on_terminal and (no_input or not terminal.is_ours()):
            raise InputNeeded(
                "no terminal to show the seed of a new device on",
                "choose another place: --png FILE, --to PLACE or --to-command",
            )
        if self.png and not (seed and _holds(self.png, seed)):
            if os.path.lexists(self.png):
                raise _is_there(self.png)
            if not os.path.isdir(folder := os.path.dirname(os.path.abspath(self.png))):
                raise ConfigurationError(f"there is no folder {folder}", f"mkdir -p {shlex.quote(folder)}")
            replace.check_replaceable(self.png)
        if self.keyring:
            _check_keyring()
        if self.seeds:
            self.seeds.check()

    @property
    def is_kept(self) -> bool:
        """Whether the seed is kept for `code = "totp"`."""
        return self.keyring or self.seeds is not None

    def keep(self, serial: str, seed: Secret) -> None:
        """Keep the seed for `code = "totp"`, if it is to be kept. Raises ConfigurationError, StoreError."""
        if self.keyring:
            save_seed(serial, seed)
        if self.seeds:
            self.seeds.save(serial, seed)

    def hand(self, seed: Seed) -> None:
        """Hand the seed over. Raises ConfigurationError, StoreError, InputNeeded, Cancelled."""
        if self.png and not _holds(self.png, seed):
            write_png(self.png, qr.QrCode(seed.uri).png())
        self.keep(seed.device.serial, seed.secret)
        if self.command:
            program.give(self.command, seed.uri)
        if self.on_terminal:
            show(seed, secret=self.secret)


def _check_keyring() -> None:
    try:
        write_item("check/seed", "check")
        forget_item("check/seed")
    except StoreError as failure:
        failure.hint = "start or unlock one (gnome-keyring, KWallet), or leave --to keyring out"
        raise


def show(seed: Seed, *, secret: bool) -> None:
    """Show the QR code on the controlling terminal, and the seed if `secret` or if the code does not fit."""
    with Terminal() as ours:
        code = qr.QrCode(seed.uri)
        drawn = code.text_for(ours)
        if not drawn:
            ours.say(f"{code.why_not_shown()}; type this into the app:")
        if secret or not drawn:
            ours.say(f"seed: {_grouped(seed.secret)}")
            ours.say(f"address: {seed.uri.reveal()}")
        # Written at once: a window that scrolls line by line flickers.
        ours.write(drawn)


def write_png(path: str, picture: bytes) -> None:
    """Write a new file of mode 0600. Raises ConfigurationError, StoreError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise replace.unwritten(path, os.path.abspath(path), error) from None
    try:
        rest = memoryview(picture)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except BaseException as error:
        os.unlink(path)
        if isinstance(error, OSError):
            raise replace.unwritten(path, os.path.abspath(path), error) from None
        raise
    finally:
        os.close(descriptor)


def _holds(path: str, seed: Seed) -> bool:
    """Whether the file is this seed's image, left by an interrupted run."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            return file.read(1 << 20) == qr.QrCode(seed.uri).png()
    except OSError:
        return False


def _is_there(path: str) -> ConfigurationError:
    return ConfigurationError(f"{path} exists already", "name a new file")


def _grouped(secret: Secret) -> str:
    """The seed in groups of four, for typing."""
    text = secret.reveal()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
