"""What samples and data are compared by."""
