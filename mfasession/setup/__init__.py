"""The first day: keys and settings of other tools are brought here."""
