"""Tencent's maps, as far as distances go: `/ws/distance/v1/matrix`, signed."""
