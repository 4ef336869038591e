"""Long-term keys: their places, and the work of `mfasession keys`, without flags and output."""
