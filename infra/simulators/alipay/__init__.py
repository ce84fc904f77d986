"""Alipay's open platform, played: one gateway, its books, its notices and its bills."""
