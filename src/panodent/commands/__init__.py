"""What the commands of `panodent.cli` do with their arguments; each returns the exit code."""
