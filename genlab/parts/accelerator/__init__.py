"""Devices and precisions."""
