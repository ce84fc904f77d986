"""What people did: every login, money action and administrative act, append-only (SE2)."""
