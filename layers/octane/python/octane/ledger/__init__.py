"""Double entry in integer fen, append-only (LG1), and balances that carry a constraint (LG2, LG3)."""
