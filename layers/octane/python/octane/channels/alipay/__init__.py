"""Alipay's open platform behind the channel port (PY2); `client.Alipay` is the way in."""
