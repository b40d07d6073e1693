"""The terms of the bound that are KL divergences between Gaussians, in closed form given x_0 and x_t.

    L_T     = KL( N(sqrt(alpha_bar_T) x_0, (1 - alpha_bar_T) I) || N(0, I) )
    L_{t-1} = KL( N(a_t x_0 + b_t x_t, btilde_t I) || N(a_t x_0_hat + b_t x_t, var_t I) ),   t = 2..T

Reference: Ho, Jain & Abbeel 2020, eqs. 5 to 8.
"""

from torch import Tensor

from genlab.divergences import kl_normal
from genlab_ddpm.model import DDPM


def prior_kl(model: DDPM, x_0: Tensor) -> Tensor:
    """Return L_T of each observation, `(B,)` nats, for x_0 `(B, *X)`."""
    chain = model.chain
    return kl_normal(chain.signal[-1] * x_0, chain.log_noise_var[-1]).flatten(1).sum(1)


def step_kl(model: DDPM, x_0: Tensor, x_0_hat: Tensor, log_var: Tensor, t: Tensor) -> Tensor:
    """Return L_{t-1} of each observation for one x_t, `(B,)` nats; at t = 1, where there is none, something finite.

    The two means share b_t x_t, so their difference is a_t (x_0 - x_0_hat): taken so, it keeps its digits.

    Args:
        model: the reverse chain.
        x_0, x_0_hat: `(B, *X)`, the clean x and its prediction from x_t.
        log_var: of p(x_{t-1} | x_t), broadcastable.
        t: `(B,)`, timesteps.
    """
    chain = model.chain
    difference = chain.at(chain.x_0_weight, t, x_0) * (x_0 - x_0_hat)
    q_log_var = chain.at(chain.log_posterior_var, t, x_0)
    return kl_normal(difference, q_log_var, None, log_var).flatten(1).sum(1)
