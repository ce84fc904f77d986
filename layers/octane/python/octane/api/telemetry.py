"""Logs and metrics through Powertools: JSON lines, embedded metric format, no personal data."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit


@cache
def logger() -> Logger:
    return Logger(utc=True)


@cache
def metrics() -> Metrics:
    return Metrics()


def flush() -> None:
    """Write the metrics of this invocation, if any, as one log line."""
    if metrics().provider.metric_set:
        metrics().flush_metrics()


class MetricSignals:
    """A signal is a metric (its name) and a log line (its detail)."""

    def count(self, name: str, **detail: str | int) -> None:
        metrics().add_metric(name=name, unit=MetricUnit.Count, value=1)
        logger().warning(name, extra={"signal": name, **detail})
