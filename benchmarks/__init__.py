"""What mfasession costs, beside its peers: `make bench`. Nothing is asserted here; tests count instructions."""
