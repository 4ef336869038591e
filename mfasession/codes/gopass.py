"""Codes from gopass. Without `-o` a bar with the seconds that are left follows the code (gopasspw/gopass#2017)."""

from mfasession.codes.presets import WITH_PASSWORD, Preset


class Gopass(Preset):
    """The account is the secret's name, such as `aws/phone`; gpg-agent asks for the passphrase."""

    program = "gopass"
    time_limit = WITH_PASSWORD

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words for one secret."""
        return "otp", "-o", account


SOURCE = Gopass
