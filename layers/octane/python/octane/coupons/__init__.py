"""Campaigns and the coupons that are claimed of them (MK1)."""
