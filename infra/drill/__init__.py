"""The recall drill: days with planted discrepancies whose truth is known, read and matched for real."""
