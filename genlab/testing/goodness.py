"""Whether draws follow a density: by counting where x takes few values, by Stein's identity where it is real.

    E[ f'(x_j) e_ij + f(x_i) d log p(x) / d x_j ] = 0     for draws x of p, and any smooth f that does not grow too fast

Reference: Stein 1972, lemma 2; Gorham & Mackey 2015, section 2.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from genlab.interfaces import DataSpec
from genlab.testing.claims import UNLIKELY, claim, claim_mean, needed
from genlab.testing.density import Density

_MOST_STATES = 256
_CHUNK = 1_000
_STEP = 1e-4
"""Of a finite difference, in standard deviations."""
_Function = Callable[[Tensor], Tensor]
_FUNCTIONS: dict[str, tuple[_Function, _Function]] = {
    "1": (torch.ones_like, torch.zeros_like),
    "x": (torch.clone, torch.ones_like),
    "tanh x": (torch.tanh, lambda x: 1 - torch.tanh(x).square()),
}
"""Functions f with their derivatives, by name."""


def every_x(spec: DataSpec, like: Tensor) -> Tensor | None:
    """Return every possible x, `(M, *X)`; None where x is real.

    Raises:
        CannotRun: when there are too many.
    """
    if spec.levels is None:
        return None
    count = spec.levels**spec.num_dims
    needed(count <= _MOST_STATES, f"there are {count} possible x, too many to count draws; make the setting smaller")
    values = torch.arange(spec.levels, dtype=like.dtype, device=like.device)
    return torch.cartesian_prod(*[values] * spec.num_dims).reshape(count, *spec.event_shape)


def claim_frequencies(x: Tensor, states: Tensor, log_prob: Tensor, relative_se: Tensor, source: str) -> None:
    """Raise unless each possible x is drawn as often as its probability says.

    Args:
        x: `(R, *X)`, independent draws.
        states: `(M, *X)`, every possible x.
        log_prob: `(M,)`, the logarithms of their probabilities.
        relative_se: `(M,)`, how uncertain a probability is, as a share of itself.
        source: who says so.
    """
    prob, num = log_prob.detach().exp().double(), len(x)
    frequency = (x.unsqueeze(1) == states).flatten(2).all(2).double().mean(0)
    se = (prob * (1 - prob).clamp(min=0) / num + (prob * relative_se).square()).sqrt()
    # The last summand is for the rarest, which come once or not at all.
    excess = (frequency - prob).abs() / (UNLIKELY * se + 10 / num)
    worst = int(excess.argmax())
    claim(
        float(excess.max()) <= 1,
        f"x = {states[worst].tolist()} must be drawn with probability {prob[worst].item():.4g} (by {source}), "
        f"got {frequency[worst].item():.4g} with a standard error of {se[worst].item():.2g} over {num} draws",
    )


def claim_score_identities(x: Tensor, density: Density) -> None:
    """Raise unless the means that Stein's identity speaks of are zero.

    Args:
        x: `(R, *X)`, independent draws.
        density: of x.
    """
    flat = x.flatten(1)
    num_pilots = len(flat) // 8
    center, spread = flat[:num_pilots].mean(0), flat[:num_pilots].std(0).clamp(min=1e-12)
    rest = x[num_pilots:]
    score = torch.cat([_score(chunk, spread, density) for chunk in torch.split(rest, _CHUNK)])
    centered, scaled_score = (rest.flatten(1) - center) / spread, score * spread
    eye = torch.eye(flat.shape[1], dtype=x.dtype, device=x.device)
    for name, (function, derivative) in _FUNCTIONS.items():
        values, slopes = function(centered).unsqueeze(2), derivative(centered).unsqueeze(1)
        steins = eye * slopes + values * scaled_score.unsqueeze(1)
        claim_mean(steins, 0.0, f"f'(x) + f(x) d log p / dx with f(x) = {name}, x standardized, by {density.source},")


def _score(x: Tensor, spread: Tensor, density: Density) -> Tensor:
    """Return the gradient of the log density at each draw, by central differences: a density need not offer one."""
    flat, slopes = x.flatten(1), []
    for d in range(flat.shape[1]):
        step = torch.zeros_like(spread)
        step[d] = _STEP * spread[d]
        above, below = (density.log_prob((flat + sign * step).reshape(x.shape))[0] for sign in (1, -1))
        slopes.append((above - below).detach() / (2 * step[d]))
    return torch.stack(slopes, 1)
