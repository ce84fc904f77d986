"""Who the customer is: login, sessions, tokens, phone (ID1)."""
