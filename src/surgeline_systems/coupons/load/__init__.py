"""The load suite of the coupons system: `benchmark.py` and `constant_rate.py`, each run with `surgeline run`."""
