"""A customer's fuel cards."""
