"""The rotation of the factors in which they can be looked at.

W and W R give the same model for every orthogonal R. The R that makes (W R)' Psi^-1 (W R) diagonal, largest entry
first, makes the factors independent given x, too, and is unique up to signs where the entries differ.

Reference: Bishop 2006, section 12.2.4, on rotations; Lawley & Maxwell 1971, the canonical form.
"""

import torch
from torch import Tensor


def principal_axes(loadings: Tensor, noise_var: Tensor) -> Tensor:
    """Return W R, each column with the sign that makes its largest loading positive.

    >>> principal_axes(torch.tensor([[0.0, 3.0], [-1.0, 0.0]]), torch.ones(2))
    tensor([[3., 0.],
            [0., 1.]])

    Args:
        loadings: W, `(D, J)`.
        noise_var: psi, `(D,)`.
    """
    eigenvectors = torch.linalg.eigh(loadings.T @ (loadings / noise_var.unsqueeze(1))).eigenvectors
    rotated = loadings @ eigenvectors.flip(1)
    largest = rotated.gather(0, rotated.abs().argmax(0, keepdim=True))
    return torch.add(rotated * largest.sign(), 0.0)  # adding 0 makes -0 a 0
