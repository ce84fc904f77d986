"""The order and its life: model, records, and one use case a file."""
