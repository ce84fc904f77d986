"""Rotation and erasure, played in front of your eyes on the embedded AWS."""
