"""Pictures of any fitted model."""
