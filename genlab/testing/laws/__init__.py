"""The laws, one module a slot."""
