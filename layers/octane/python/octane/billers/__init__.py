"""Utilities, parking and property fees: three protocols, one canonical model (FU2)."""
