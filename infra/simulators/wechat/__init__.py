"""WeChat Pay v3 and the WeChat mini-program server API."""
