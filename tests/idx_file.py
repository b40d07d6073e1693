"""The file format of MNIST."""

import numpy as np
from numpy.typing import NDArray


def idx_bytes(array: NDArray[np.generic]) -> bytes:
    """Return an array of bytes in the IDX format."""
    shape = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.astype(np.uint8).tobytes()
