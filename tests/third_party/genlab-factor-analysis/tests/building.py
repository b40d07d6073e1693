"""What builds a model for a test."""

from collections.abc import Callable

from genlab_factor_analysis.model import FactorAnalysis

Build = Callable[..., FactorAnalysis]
"""Builds a model with random parameters from a seed and a recipe's keys."""
