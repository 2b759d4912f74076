"""`python -m panodent` runs the command `panodent`."""

from panodent.cli import main

main()
