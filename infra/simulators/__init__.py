"""The other side of Octane: the payment channels (WeChat Pay with its mini-program API, Alipay, UnionPay) and
a fuel-card issuer.

Nothing here imports the product. Every company verifies what it is sent, keeps its own books, and can be told
to misbehave, so that what the product believes can be compared with what really happened.
"""
