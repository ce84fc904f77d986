"""Which channel a payment goes to: rules as data, shared health, quotas, replayable decisions (PY5, PY6)."""
