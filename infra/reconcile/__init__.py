"""Closes the day of the demo's stories on the embedded AWS, in front of your eyes."""
