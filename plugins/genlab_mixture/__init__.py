"""Mixtures of Gaussians of known noise, in the mean-field family, every term of the bound in closed form."""
