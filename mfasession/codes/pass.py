"""Codes from pass, the standard Unix password manager, with its extension pass-otp (pass-otp(1))."""

from mfasession.codes.presets import WITH_PASSWORD, Preset


class Pass(Preset):
    """The account is the entry's name, such as `aws/phone`; gpg-agent asks for the passphrase."""

    program = "pass"
    time_limit = WITH_PASSWORD

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words for one entry."""
        return "otp", account


SOURCE = Pass
