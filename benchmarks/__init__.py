"""surgeline measured beside its peers on one machine: `python -m benchmarks`, or `make bench`.

General layout:
  throughput.py post.py tls.py large_bodies.py arrival_rate.py memory.py scaling.py open_connections.py startup.py
  accuracy.py     one benchmark each: `measure(bench)` gives a `Report`
  command.py      the command that runs all of them (`__main__.py`), or one
  scripts/        what surgeline runs;  peers/: the same for k6 and Locust
  bench.py        what every benchmark is given;  machine.py: cores, limits, what the figures were taken on
  tools.py        the programs that are measured, and how to get those that are missing
  nginx.py        the server;  known_delays.py: the server of `accuracy`, which measures itself
  child.py        runs one program on one core, and what it used
  generators.py   how each load generator is called and read
  rounds.py       contenders in turn, medians and ratios;  report.py: tables and bars
  soak.py         a benchmark with its own command: it takes long;  faulty.py: its server
  seeding.py ramping.py run_file.py samples.py workers.py
                  others with their own commands

Everything happens on 127.0.0.1 and is bounded in count and time. Nothing is installed.
"""
