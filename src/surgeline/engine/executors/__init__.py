"""How iterations are started: one module for each executor of the closed and of the open model."""

from surgeline.engine.executors.constant_arrival_rate import ConstantArrivalRate
from surgeline.engine.executors.constant_vus import ConstantVUs
from surgeline.engine.executors.externally_controlled import Control, ExternallyControlled
from surgeline.engine.executors.per_vu_iterations import PerVUIterations
from surgeline.engine.executors.ramping_arrival_rate import RampingArrivalRate
from surgeline.engine.executors.ramping_vus import RampingVUs
from surgeline.engine.executors.shared_iterations import SharedIterations

__all__ = [
    "ConstantArrivalRate",
    "ConstantVUs",
    "Control",
    "ExternallyControlled",
    "PerVUIterations",
    "RampingArrivalRate",
    "RampingVUs",
    "SharedIterations",
]
