"""`python -m surgeline.workers DESCRIPTOR`: a worker, as the pool starts it."""

import sys

from surgeline.workers.worker import main

main(int(sys.argv[1]))
