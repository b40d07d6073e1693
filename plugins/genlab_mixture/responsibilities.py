"""Responsibilities: how much each component explains each x, given q of the weights and the components.

    log phi_ik = c_k + inner_ki + const_i        c_k = psi(a_k) - psi(A) + offset_k

with the expected log-likelihood offset_k + inner_ki (see `components`). This is the exact maximiser of the bound
over q(z). Arrays are `(K, B)`: K is small, and what runs over the data is contiguous.
"""

import torch
from torch import Tensor

from genlab_mixture.factors import GlobalFactors


def log_responsibilities(x: Tensor, observed: Tensor | None, factors: GlobalFactors) -> Tensor:
    """Return log phi, `(K, B)`, differentiable in the factors."""
    constants = factors.expected_log_weights + factors.components.offsets()
    # What is common to all components does not matter, and rounding is finer without it.
    constants = (constants - constants.detach().max()).to(x.dtype)
    return torch.log_softmax(constants.unsqueeze(-1) + factors.components.inner(x, observed), 0)
