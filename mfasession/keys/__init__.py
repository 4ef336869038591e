"""Long-term keys: where they are, and what `mfasession keys` does with them. No flags and no words here."""
