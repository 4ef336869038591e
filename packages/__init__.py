"""Builds what is released: see `make dist`."""
