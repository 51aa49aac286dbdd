"""The conversations system by hand: `python -m surgeline_systems.conversations seed`, then `serve`."""

from surgeline_systems.by_hand import main
from surgeline_systems.conversations.system import SYSTEM

if __name__ == "__main__":
    main(SYSTEM)
