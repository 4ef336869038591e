"""The web console: a sign-in URL made of a session, opened in a browser."""
