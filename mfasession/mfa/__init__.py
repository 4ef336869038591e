"""A user's own MFA devices: enrolled, listed, brought back into step, removed. No flags and no words here."""
