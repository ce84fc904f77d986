"""What all handlers share: entry, error map, caller, view models."""
