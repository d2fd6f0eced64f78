"""Several models behind one door: places, a fair queue, failover, health, and what each call took."""

from inference.gateway.endpoint import Endpoint, EndpointConfig, EndpointState
from inference.gateway.gateway import Gateway, ModelStatus
from inference.gateway.routed import CallUsage, RoutedModel

__all__ = ["CallUsage", "Endpoint", "EndpointConfig", "EndpointState", "Gateway", "ModelStatus", "RoutedModel"]
