"""What every server of ours on loopback needs: files that end with it, and a port that nobody else gets after it."""
