"""WeChat Pay API v3 behind the channel port (PY1); `client.WechatPay` is the way in."""
