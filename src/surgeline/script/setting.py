"""What was given to a script, and by whom: the values of options and of `env()`. Data alone."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Layer(Enum):
    """Where a value comes from; each layer stands over those before it."""

    DEFAULT = "default"
    FILE = "file"
    SCRIPT = "script"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of an option as it was given."""

    value: Any
    layer: Layer
    source: str
    """A place in a file, the name of an environment variable or of a flag."""

    def names(self, option: str) -> str:
        """Return who gave it, as an error begins: `--vus`, `surgeline.toml:3: vus`."""
        return self.source if self.layer in (Layer.ENVIRONMENT, Layer.FLAG) else f"{self.source}: {option}"


@dataclass(frozen=True, slots=True)
class EnvValue:
    """What a call of `env()` returned while the script was loaded."""

    name: str
    default: Any
    """None where there was none."""
    value: Any
    layer: Layer
