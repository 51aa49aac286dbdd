"""The coupons system by hand: `python -m surgeline_systems.coupons seed`, then `serve`."""

from surgeline_systems.by_hand import main
from surgeline_systems.coupons.system import SYSTEM

if __name__ == "__main__":
    main(SYSTEM)
