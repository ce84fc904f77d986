"""The day that the benchmark matches."""

from datetime import date

from octane.reconciliation.model import Source, day_window

DAY = date(2026, 11, 22)
WINDOW = day_window(Source.WECHAT, DAY)
