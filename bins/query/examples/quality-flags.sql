-- quality-flags
-- Question: How many rows of each table carry a mark of doubt, and which?
-- Reads: decisions, executions, trades, quotes, depths, book_deltas, bars.
-- Answer: One row a table and mark that some row has. A row may have several. No row is the good answer.
WITH marked AS (
  SELECT 'decisions' AS table_name, CAST(flags AS BIGINT) AS flags, count(*) AS rows FROM decisions GROUP BY flags
  UNION ALL
  SELECT 'executions', CAST(flags AS BIGINT), count(*) FROM executions GROUP BY flags
  UNION ALL
  SELECT 'trades', CAST(flags AS BIGINT), count(*) FROM trades GROUP BY flags
  UNION ALL
  SELECT 'quotes', CAST(flags AS BIGINT), count(*) FROM quotes GROUP BY flags
  UNION ALL
  SELECT 'depths', CAST(flags AS BIGINT), count(*) FROM depths GROUP BY flags
  UNION ALL
  SELECT 'book_deltas', CAST(flags AS BIGINT), count(*) FROM book_deltas GROUP BY flags
  UNION ALL
  SELECT 'bars', CAST(flags AS BIGINT), count(*) FROM bars GROUP BY flags
)
SELECT
  m.table_name,
  f.flag,
  f.meaning,
  sum(m.rows) AS rows
FROM marked AS m
JOIN (
  VALUES
    (4, 'maybe_bad_book', 'the source says that the book may be wrong'),
    (8, 'bad_ts_recv', 'the source says that its receive stamp is unreliable'),
    (256, 'backfill', 'came from an archive: the time of receipt is unknown'),
    (512, 'late', 'came later than the allowed lateness of its source'),
    (1024, 'dup_suspect', 'may repeat an earlier row'),
    (2048, 'clock_suspect', 'a stamp is in doubt'),
    (4096, 'vendor_suspect', 'the vendor marked it as doubtful'),
    (8192, 'inferred', 'was inferred, not received'),
    (16384, 'quarantined', 'was set aside by a quality rule'),
    (32768, 'repaired', 'was changed by a repair')
) AS f (bit, flag, meaning) ON (m.flags & f.bit) <> 0
GROUP BY m.table_name, f.bit, f.flag, f.meaning
ORDER BY m.table_name, f.bit
