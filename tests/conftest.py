"""How hypothesis runs in all tests: without a deadline, for a busy machine is no fault of the code."""

from hypothesis import HealthCheck, settings

settings.register_profile("genlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("genlab")
