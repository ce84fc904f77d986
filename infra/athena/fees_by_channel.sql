-- What each channel charged us, by day, as its own bill says, beside what we expected, and the rate.
-- Amounts in yuan; the last version of each day counts. Refunds' fees come back, so they are negative.
WITH latest AS (
    SELECT day AS last_day, max(v) AS last_v FROM totals GROUP BY day
),
sides AS (
    SELECT
        day,
        source,
        sum(CASE WHEN side = 'THEIRS' AND kind = 'PAYMENT' THEN amount ELSE 0 END) AS paid,
        sum(CASE WHEN side = 'THEIRS' THEN fee ELSE 0 END) AS charged,
        sum(CASE WHEN side = 'OURS' THEN fee ELSE 0 END) AS expected
    FROM totals
    JOIN latest ON day = last_day AND v = last_v
    GROUP BY day, source
)
SELECT
    day,
    source,
    CAST(CAST(paid AS decimal(18, 0)) * 0.01 AS decimal(18, 2)) AS payments_yuan,
    CAST(CAST(charged AS decimal(18, 0)) * 0.01 AS decimal(18, 2)) AS charged_yuan,
    CAST(CAST(expected AS decimal(18, 0)) * 0.01 AS decimal(18, 2)) AS expected_yuan,
    CAST(CAST(charged - expected AS decimal(18, 0)) * 0.01 AS decimal(18, 2)) AS apart_yuan,
    CASE WHEN paid > 0 THEN round(100.0 * charged / paid, 4) END AS percent
FROM sides
ORDER BY day DESC, source
