"""One MFA code in the morning, temporary AWS credentials all day."""

__version__ = "0.1.0"
