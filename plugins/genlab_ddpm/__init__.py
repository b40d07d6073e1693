"""Denoising diffusion probabilistic models as a genlab plugin."""
