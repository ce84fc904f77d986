"""UnionPay ACP 5.1.0 behind the channel port (PY3); `client.UnionPay` is the way in."""
