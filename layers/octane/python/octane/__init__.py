"""Octane: fuel-card top-ups and bill payments as a serverless function set."""
