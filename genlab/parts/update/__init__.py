"""Update rules that need no particular model."""
