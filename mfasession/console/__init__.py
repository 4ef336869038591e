"""The web console: opens a sign-in URL for a session in a browser."""
