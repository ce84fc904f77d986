"""Ask whether a locked package has a known vulnerability, and never take silence for a no."""
