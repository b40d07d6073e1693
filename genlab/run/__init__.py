"""The run: fit, evaluate, draw, and the folder a run leaves."""
