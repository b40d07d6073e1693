"""Recipes: TOML in, checked parts out."""
