"""Accounts at billers, what is owed on them, and plans to pay it in parts (OR9)."""
