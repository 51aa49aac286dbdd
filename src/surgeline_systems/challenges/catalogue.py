"""The challenges and their goals: the service's configuration, a file such as `surgeline fixtures catalogue` makes.

It must not know users, nor how far they have come.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from surgeline.fixtures.catalogue import make_catalogue
from surgeline_systems.application.settings import SettingsError

Name = Annotated[str, msgspec.Meta(min_length=1, pattern=r"^[^\x00]*$")]
# As many as the file has that the command makes unless told otherwise.
USUAL = {"challenges": 10, "goals": 50, "seed": 1}


class Requirement(msgspec.Struct, frozen=True, rename="camel"):
    """What must be reached: the statistic at the target, or above."""

    stat_code: Name
    operator: Literal[">="]
    target_value: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Reward(msgspec.Struct, frozen=True):
    """What there is for it."""

    type: Literal["ITEM", "WALLET"]
    id: Name
    quantity: Annotated[int, msgspec.Meta(ge=1)]


class Goal(msgspec.Struct, frozen=True):
    """`prerequisites` are the ids of goals that must be completed before the reward can be claimed."""

    id: Name
    name: str
    requirement: Requirement
    reward: Reward
    prerequisites: tuple[str, ...] = ()


class Challenge(msgspec.Struct, frozen=True):
    """Goals that belong together."""

    id: Name
    name: str
    goals: tuple[Goal, ...]
    description: str = ""


class Catalogue:
    """All challenges, and their goals by id."""

    def __init__(self, challenges: Sequence[Challenge]) -> None:
        self.challenges = challenges

    @cached_property
    def goals(self) -> Mapping[str, Goal]:
        """By id, in the order of the challenges."""
        return {goal.id: goal for challenge in self.challenges for goal in challenge.goals}

    @cached_property
    def open_goals(self) -> Sequence[Goal]:
        """Those that wait for no other."""
        return [goal for goal in self.goals.values() if not goal.prerequisites]

    @cached_property
    def statistics(self) -> frozenset[str]:
        """The statistics that any goal asks for."""
        return frozenset(goal.requirement.stat_code for goal in self.goals.values())

    def goal(self, challenge_id: str, goal_id: str) -> Goal | None:
        """A goal of a challenge."""
        found = (one for challenge in self.challenges if challenge.id == challenge_id for one in challenge.goals)
        return next((goal for goal in found if goal.id == goal_id), None)


def load_catalogue(file: str) -> Catalogue:
    """The catalogue in a file; without a name, the usual one. Raises: SettingsError."""
    if not file:
        return Catalogue(msgspec.convert(list(make_catalogue(**USUAL)), list[Challenge]))
    try:
        catalogue = Catalogue(msgspec.json.decode(Path(file).read_bytes(), type=list[Challenge]))
        _check(catalogue)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(
            f"expected CHALLENGES_FILE to be a catalogue, found in {file}: {error}. "
            "`surgeline fixtures catalogue` makes one."
        ) from error
    return catalogue


def _check(catalogue: Catalogue) -> None:
    if len(catalogue.goals) < sum(len(challenge.goals) for challenge in catalogue.challenges):
        raise ValueError("two goals with the same id")
    for goal in catalogue.goals.values():
        for one in goal.prerequisites:
            if one not in catalogue.goals:
                raise ValueError(f"goal {goal.id} waits for {one}, which is no goal")
