-- Differences by day, source and class: how many lines, how much, which share of the day's own lines.
-- Amounts in yuan; the last version of each day counts. A mismatch, which both sides have, counts once.
WITH latest AS (
    SELECT day AS last_day, max(v) AS last_v FROM totals GROUP BY day
),
lines AS (
    SELECT day, source, class, count, amount
    FROM totals
    JOIN latest ON day = last_day AND v = last_v
    WHERE side = 'OURS' OR class IN ('MISSING_HERE', 'DUPLICATE_THERE', 'IN_TRANSIT')
)
SELECT
    day,
    source,
    class,
    sum(count) AS line_count,
    CAST(CAST(sum(amount) AS decimal(18, 0)) * 0.01 AS decimal(18, 2)) AS yuan,
    round(100.0 * sum(count) / sum(sum(count)) OVER (PARTITION BY day, source), 4) AS percent_of_lines
FROM lines
GROUP BY day, source, class
ORDER BY day DESC, source, class
