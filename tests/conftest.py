"""How hypothesis runs in all tests: without a deadline, for a busy machine is no fault of the code."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, settings

settings.register_profile("genlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("genlab")


@pytest.fixture
def rounding_to_tf32() -> Iterator[None]:
    """Let float32 be rounded to TF32 on GPUs while a test runs."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]
