"""Estimators of the bound that need no particular model."""
