"""Bills as companies write them: rows to bytes, and the discrepancies that can be planted in them."""
