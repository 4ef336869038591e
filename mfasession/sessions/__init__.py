"""Sessions: found where they are stored, renewed, created with a code, handed out."""
