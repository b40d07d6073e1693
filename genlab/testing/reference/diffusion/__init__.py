"""Diffusion with a denoiser that is known: of a normal law, where it is linear, or of finitely many points."""
