"""How a session leaves the house: shell text, credential_process JSON, a child process, an endpoint, the console."""
