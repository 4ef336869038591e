"""Identity policies: the rule itself, and what any policy says to a request. Nothing is read or sent here."""
