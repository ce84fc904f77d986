"""Fuel-card issuers behind one port."""
