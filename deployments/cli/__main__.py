"""`python -m deployments.cli` is `siar`."""

from deployments.cli import main

main()
