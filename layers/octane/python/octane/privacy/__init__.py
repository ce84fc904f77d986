"""Personal data: sealed fields, consent, export, erasure (ID6, SE1)."""
