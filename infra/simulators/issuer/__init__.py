"""A fuel-card issuer in the style of Juhe."""
