"""Units of log-densities.

    bits per dimension = nats / (D ln 2),   D = number of data dimensions

A log-density falls as the data get less likely, and bits per dimension count its negative (the length of a
code), so a bound of `elbo` nats an example is `-elbo / (D ln 2)` bits per dimension: lower is better.
"""

import math


def bits_per_dim(nats: float, num_dims: int) -> float:
    """Turn a log-density in nats per example into bits per dimension.

    Args:
        nats: a log-density (or a lower bound on one) of one example, in nats.
        num_dims: how many dimensions an example has, at least 1.

    Returns:
        `-nats / (num_dims ln 2)`; lower is better.

    >>> bits_per_dim(-64 * math.log(2), 64)
    1.0
    """
    return -nats / (num_dims * math.log(2))
