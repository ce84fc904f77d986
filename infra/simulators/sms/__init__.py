"""Tencent Cloud SMS: SendSms, version 2021-01-11."""
