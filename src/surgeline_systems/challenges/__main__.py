"""The challenges system by hand: `python -m surgeline_systems.challenges seed`, then `serve`."""

from surgeline_systems.by_hand import main
from surgeline_systems.challenges.system import SYSTEM

if __name__ == "__main__":
    main(SYSTEM)
