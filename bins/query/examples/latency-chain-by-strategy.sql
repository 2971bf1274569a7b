-- latency-chain-by-strategy
-- Question: Where does the time go between a signal and the knowledge of its fill, by strategy?
-- Reads: executions, decisions.
-- Parameter strategy (text, default *): this strategy alone, * for all.
-- Answer: One row a strategy and step, over the fills that have both ends of it; times in nanoseconds. The first three
--   steps and the last moment are on our clock. The moment of the fill is on the clock of its venue, set right by
--   clock_offset_ns where the row has one: without it, a negative `ack to fill` or `fill to received` is the offset of
--   that clock, and only their sum can be trusted.
WITH moments AS (
  SELECT
    d.strategy_id,
    CAST(d.ts_signal AS BIGINT) AS seen,
    CAST(d.ts_event AS BIGINT) AS decided,
    CAST(coalesce(e.ts_sent, d.ts_sent) AS BIGINT) AS sent,
    CAST(e.ts_ack AS BIGINT) AS acked,
    CAST(e.ts_event AS BIGINT) - coalesce(e.clock_offset_ns, 0) AS filled,
    CAST(e.ts_recv AS BIGINT) AS received
  FROM executions AS e
  JOIN decisions AS d ON d.decision_id = e.decision_id
  WHERE e.exec_type = 'trade' AND (:strategy = '*' OR d.strategy_id = :strategy)
),
steps AS (
  SELECT
    m.strategy_id,
    s.step,
    s.name,
    CASE s.step
      WHEN 1 THEN m.decided - m.seen
      WHEN 2 THEN m.sent - m.decided
      WHEN 3 THEN m.acked - m.sent
      WHEN 4 THEN m.filled - m.acked
      WHEN 5 THEN m.received - m.filled
      ELSE m.received - m.seen
    END AS ns
  FROM moments AS m
  CROSS JOIN (
    VALUES
      (1, 'signal to decision'),
      (2, 'decision to sent'),
      (3, 'sent to ack'),
      (4, 'ack to fill'),
      (5, 'fill to received'),
      (6, 'signal to received')
  ) AS s (step, name)
)
SELECT
  strategy_id,
  step,
  name,
  count(ns) AS fills,
  min(ns) AS min_ns,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY ns) AS p50_ns,
  percentile_cont(0.99) WITHIN GROUP (ORDER BY ns) AS p99_ns,
  max(ns) AS max_ns
FROM steps
GROUP BY strategy_id, step, name
ORDER BY strategy_id, step
