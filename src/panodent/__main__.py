"""`python -m panodent` is the `panodent` command."""

from panodent.cli import main

main()
