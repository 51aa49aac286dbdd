"""What the coupons service is told by its environment: nothing but what all services are told."""

from surgeline_systems.application.settings import Settings

__all__ = ["Settings"]
