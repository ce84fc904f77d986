"""Fuel stations, and the nearest of them (ST1, ST3)."""
