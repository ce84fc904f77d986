"""The day closed to the fen: bills of channels and issuers against the ledger, with a proof (RC1–RC5)."""
