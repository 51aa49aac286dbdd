"""The messages system by hand: `python -m surgeline_systems.messages seed`, then `serve --workers 8`."""

from surgeline_systems.by_hand import main
from surgeline_systems.messages.system import SYSTEM

if __name__ == "__main__":
    main(SYSTEM)
