"""Latent-variable generative models from recipes, with every bound a ledger of named terms."""
