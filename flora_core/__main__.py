"""`python -m flora_core COMMAND`."""

from flora_core.cli import main

main()
