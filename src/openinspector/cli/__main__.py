"""`python -m openinspector.cli`: the command line without its script."""

from openinspector.cli.main import main

main()
