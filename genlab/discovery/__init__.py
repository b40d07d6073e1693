"""Discovery: which plugins are installed, and which components they offer."""
