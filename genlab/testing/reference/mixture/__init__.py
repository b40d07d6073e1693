"""Conjugate mixture of Gaussians: latents of all observations together, and an evidence that is a finite sum."""
