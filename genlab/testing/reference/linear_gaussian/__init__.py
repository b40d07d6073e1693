"""Linear Gaussian model: probabilistic PCA, with its exact posterior and with a family that is not exact."""
