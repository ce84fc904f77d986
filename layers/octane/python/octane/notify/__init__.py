"""Tell customers what changed (OP1)."""
