"""What all handlers share: entry, error map, caller, view models."""

import gc

gc.set_threshold(100_000, 20, 100)
"""A start makes a hundred thousand objects that stay as long as the process. With Python's own thresholds
the collector walks them again and again, a twentieth of the start; a call leaves hardly any cycles behind."""
