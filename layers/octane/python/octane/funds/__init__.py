"""Our money at the custody bank: its statements against the ledger, hot and cold, withdrawals (LG4–LG6)."""
