-- The tables over the exports in S3. Replace <bucket>; run each statement once.
-- Partitions are computed, never loaded: a new day is there as soon as its files are.

CREATE EXTERNAL TABLE differences (
    source string, class string, kind string, number string, fields string,
    our_amount bigint, our_fee bigint, our_currency string, our_status string, our_party string,
    our_merchant string, our_reference string, our_settled_at bigint, our_day string, our_line int,
    their_amount bigint, their_fee bigint, their_currency string, their_status string, their_party string,
    their_merchant string, their_reference string, their_settled_at bigint, their_day string, their_line int
)
PARTITIONED BY (`day` string, `v` int)
STORED AS PARQUET
LOCATION 's3://<bucket>/exports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', 'projection.day.range' = '2026-01-01,NOW',
    'projection.v.type' = 'integer', 'projection.v.range' = '1,20',
    'storage.location.template' = 's3://<bucket>/exports/day=${day}/v=${v}/parquet/differences/'
);

CREATE EXTERNAL TABLE totals (
    source string, class string, kind string, side string, count int, amount bigint, fee bigint
)
PARTITIONED BY (`day` string, `v` int)
STORED AS PARQUET
LOCATION 's3://<bucket>/exports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', 'projection.day.range' = '2026-01-01,NOW',
    'projection.v.type' = 'integer', 'projection.v.range' = '1,20',
    'storage.location.template' = 's3://<bucket>/exports/day=${day}/v=${v}/parquet/totals/'
);

CREATE EXTERNAL TABLE ledger_entries (
    chain int, no int, leg int, subject string, kind string, reference string, account string,
    debit bigint, credit bigint, effective_at bigint, booked_at bigint, proof string, party string
)
PARTITIONED BY (`day` string, `v` int)
STORED AS PARQUET
LOCATION 's3://<bucket>/exports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', 'projection.day.range' = '2026-01-01,NOW',
    'projection.v.type' = 'integer', 'projection.v.range' = '1,20',
    'storage.location.template' = 's3://<bucket>/exports/day=${day}/v=${v}/parquet/ledger_entries/'
);

CREATE EXTERNAL TABLE trial_balance (
    account string, opening bigint, debit bigint, credit bigint, closing bigint
)
PARTITIONED BY (`day` string, `v` int)
STORED AS PARQUET
LOCATION 's3://<bucket>/exports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', 'projection.day.range' = '2026-01-01,NOW',
    'projection.v.type' = 'integer', 'projection.v.range' = '1,20',
    'storage.location.template' = 's3://<bucket>/exports/day=${day}/v=${v}/parquet/trial_balance/'
);

CREATE EXTERNAL TABLE open_differences (
    task string, source string, class string, kind string, number string, amount bigint,
    opened_day string, state string
)
PARTITIONED BY (`day` string, `v` int)
STORED AS PARQUET
LOCATION 's3://<bucket>/exports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', 'projection.day.range' = '2026-01-01,NOW',
    'projection.v.type' = 'integer', 'projection.v.range' = '1,20',
    'storage.location.template' = 's3://<bucket>/exports/day=${day}/v=${v}/parquet/open_differences/'
);

CREATE EXTERNAL TABLE funds (
    label string, amount bigint
)
PARTITIONED BY (`day` string, `v` int)
STORED AS PARQUET
LOCATION 's3://<bucket>/exports/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', 'projection.day.range' = '2026-01-01,NOW',
    'projection.v.type' = 'integer', 'projection.v.range' = '1,20',
    'storage.location.template' = 's3://<bucket>/exports/day=${day}/v=${v}/parquet/funds/'
);
