"""One call for the first screen (GW7)."""
