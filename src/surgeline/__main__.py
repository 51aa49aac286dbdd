"""`python -m surgeline`."""

from surgeline.cli.main import main

main()
