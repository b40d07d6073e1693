"""Assembly: from a checked recipe to parts that fit together."""
