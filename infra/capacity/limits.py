"""What AWS publishes about its own limits and prices, and what nobody publishes and we therefore assume.

Limits are those of an account that has asked for nothing; prices are those of us-east-1, on arm64, without
free tiers. `infra/docs/capacity.md` shows these tables.
"""

from typing import NamedTuple

GUIDE = "https://docs.aws.amazon.com"
LAMBDA_GUIDE = f"{GUIDE}/lambda/latest/dg"
DYNAMODB_GUIDE = f"{GUIDE}/amazondynamodb/latest/developerguide"
GATEWAY_LIMITS = f"{GUIDE}/apigateway/latest/developerguide/limits.html"
LAMBDA_LIMITS = f"{LAMBDA_GUIDE}/gettingstarted-limits.html"
QUEUE_SCALING = f"{LAMBDA_GUIDE}/services-sqs-scaling.html"
WARM = f"{DYNAMODB_GUIDE}/warm-throughput.html"
PRICES = "https://aws.amazon.com"


class Published(NamedTuple):
    """`value` as the model takes it; `unit` is how to read it."""

    value: float
    unit: str
    source: str


LIMITS = {
    "lambda_concurrency": Published(
        1_000, "executions at once in the account; more on request", LAMBDA_LIMITS
    ),
    "lambda_requests": Published(
        10, "requests a second for each environment, those of the account and those kept ready", LAMBDA_LIMITS
    ),
    "lambda_scaling": Published(
        100,
        "new environments a second for each function, at most 1,000 unused",
        f"{LAMBDA_GUIDE}/scaling-behavior.html",
    ),
    "lambda_vcpu_mb": Published(1_769, "MB of memory to a vCPU", f"{LAMBDA_GUIDE}/configuration-memory.html"),
    "stream_polls": Published(
        4, "polls of a stream's shard a second", f"{LAMBDA_GUIDE}/services-ddb-eventsourcemapping.html"
    ),
    "queue_batches": Published(5, "batches at once when a queue wakes up", QUEUE_SCALING),
    "queue_scaling": Published(5, "more batches at once, a second (300 a minute)", QUEUE_SCALING),
    "gateway_rate": Published(10_000, "requests a second in the account; more on request", GATEWAY_LIMITS),
    "gateway_burst": Published(5_000, "requests above it, once", GATEWAY_LIMITS),
    "partition_writes": Published(
        1_000, "write units a second of one partition", f"{DYNAMODB_GUIDE}/bp-partition-key-design.html"
    ),
    "new_table_writes": Published(4_000, "write units a second of a new on-demand table or index", WARM),
}

COSTS = {
    "lambda_request": Published(0.20e-6, "USD", f"{PRICES}/lambda/pricing/"),
    "lambda_gb_s": Published(0.0000133334, "USD for a GB-second", f"{PRICES}/lambda/pricing/"),
    "provisioned_gb_s": Published(0.0000033334, "USD for a GB-second ready", f"{PRICES}/lambda/pricing/"),
    "ready_gb_s": Published(0.0000077778, "USD for a GB-second used of it", f"{PRICES}/lambda/pricing/"),
    "gateway_request": Published(3.50e-6, "USD", f"{PRICES}/api-gateway/pricing/"),
    "write_unit": Published(0.625e-6, "USD", f"{PRICES}/dynamodb/pricing/on-demand/"),
    "read_unit": Published(0.125e-6, "USD", f"{PRICES}/dynamodb/pricing/on-demand/"),
}


class Assumed(NamedTuple):
    """A duration that varies: half are below `median_ms`, one in a hundred above `p99_ms`."""

    median_ms: float
    p99_ms: float
    why: str


ASSUMED = {
    "network": Assumed(40, 200, "a mobile client's way to the gateway and back"),
    "gateway": Assumed(8, 30, "API Gateway's and Lambda's own part of a request"),
    "read": Assumed(4, 20, "a DynamoDB read, from inside the region"),
    "write": Assumed(6, 30, "a DynamoDB write"),
    "transact": Assumed(12, 50, "a DynamoDB transaction of several items"),
    "queue": Assumed(10, 50, "an SQS or WebSocket call"),
    "channel": Assumed(120, 800, "WeChat Pay's answer to a prepayment"),
    "issuer": Assumed(150, 1_000, "a fuel-card issuer's answer"),
    "placement": Assumed(150, 400, "a new execution environment, before our code loads"),
}
CPU_SPEED = 1.0
"""A vCPU of arm64 beside the core that the bench measured on: not known, so taken as the same."""
