"""Evidence, played in front of your eyes on the embedded AWS."""
