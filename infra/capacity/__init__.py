"""The capacity model (OP9): what many people at once need of AWS, from what the bench measured."""
