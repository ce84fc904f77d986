"""Conditional writes, committed together: the only room that knows DynamoDB."""
