"""How iterations are started: one module for each executor of the closed and of the open model."""

from surgeline.engine.executors.constant_arrival_rate import ConstantArrivalRate
from surgeline.engine.executors.constant_vus import ConstantVUs
from surgeline.engine.executors.shared_iterations import SharedIterations

__all__ = ["ConstantArrivalRate", "ConstantVUs", "SharedIterations"]
