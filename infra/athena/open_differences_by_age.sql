-- What still waits for a person, by age: on the last day that was sealed, in its last version.
-- Amounts in yuan; age in days from the day that found the difference to that last day.
WITH latest AS (
    SELECT day AS last_day, max(v) AS last_v
    FROM totals
    WHERE day = (SELECT max(day) FROM totals)
    GROUP BY day
),
aged AS (
    SELECT
        source,
        class,
        amount,
        date_diff('day', CAST(opened_day AS date), CAST(day AS date)) AS age
    FROM open_differences
    JOIN latest ON day = last_day AND v = last_v
)
SELECT
    CASE WHEN age <= 1 THEN '0-1' WHEN age <= 3 THEN '2-3' WHEN age <= 7 THEN '4-7' ELSE '8 and more' END AS age_days,
    source,
    class,
    count(*) AS difference_count,
    CAST(CAST(sum(amount) AS decimal(18, 0)) * 0.01 AS decimal(18, 2)) AS yuan,
    max(age) AS oldest
FROM aged
GROUP BY 1, source, class
ORDER BY oldest DESC, source, class
