"""What a person may ask of their own data: a copy, and its end (ID6, PIPL art. 45 and 47)."""
