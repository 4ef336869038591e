"""PowerShell. Not run by the tests: the rules are Microsoft's, about_Quoting_Rules and about_Environment_Variables."""

from mfasession.shells import LINE_BREAKS, STOP, Dialect, refuse

QUOTES = "'\u2018\u2019\u201a\u201b"


class PowerShell(Dialect):
    """Windows PowerShell 5.1 and PowerShell 7."""

    programs = ("pwsh",)
    guard = "$null = {" + STOP.format(name="PowerShell") + "} #"
    failure = "throw 'mfasession env failed with exit code {exit_code}'"
    how_to = "COMMAND | Out-String | Invoke-Expression"

    def line(self, name: str, value: str | None) -> str:
        """Double the five characters that quote, typographic ones too (PowerShell-Docs#11401).

        An empty value unsets the variable before PowerShell 7.5. Line breaks are refused: the pipeline may change them.
        """
        if value is None:
            return f"$env:{name} = $null"
        refuse("powershell", name, value, LINE_BREAKS)
        for quote in QUOTES:
            value = value.replace(quote, quote * 2)
        return f"$env:{name} = '{value}'"


DIALECT = PowerShell()
