"""The load suite of the messages system: `sustained.py`, `peak.py`, `worker_scaling.py`, each for `surgeline run`."""
