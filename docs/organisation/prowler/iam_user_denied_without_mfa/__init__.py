"""A check of Prowler: https://docs.prowler.com."""
