"""Stations that could be: as many as the country has, around its real cities."""
