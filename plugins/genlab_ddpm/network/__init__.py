"""Networks that see x_t and t and predict what was added or what was there."""

from genlab_ddpm.network.network import Network, NetworkSpec

__all__ = ["Network", "NetworkSpec"]
