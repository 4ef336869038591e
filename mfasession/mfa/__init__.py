"""A user's own MFA devices: enroll, list, resync, remove, without flags and output."""
