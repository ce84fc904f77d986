"""Prices by province: pulled, checked, versioned, told (ST2)."""
