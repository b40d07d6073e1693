"""Variational autoencoders: one latent vector z for each x, and a posterior that a network gives."""
