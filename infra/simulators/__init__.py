"""The other side of Octane: WeChat Pay with its mini-program API, and a fuel-card issuer.

Nothing here imports the product. Both companies verify what they are sent, keep their own books, and can be
told to misbehave, so that what the product believes can be compared with what really happened.
"""
