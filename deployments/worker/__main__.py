"""`python -m deployments.worker`.

A package rather than a module: a forked child imports the parent's main module
anew unless it is called `__main__`, and that would cost it half a second.
"""

from deployments.worker import main

main()
