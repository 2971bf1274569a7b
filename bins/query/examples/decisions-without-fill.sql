-- decisions-without-fill
-- Question: Which decisions to trade never traded, and how did their orders end?
-- Reads: decisions, executions.
-- Parameter strategy (text, default *): decisions of this strategy alone, * for all.
-- Answer: One row a decision that was submitted and asks for a trade, oldest first. `last_report` is the last word of
--   the venue on it: `new` is an order that still rests, or whose end was not captured; `none` is an order that the
--   venue never answered, or an answer that was not captured.
WITH reports AS (
  SELECT
    decision_id,
    count(*) AS reports,
    count(*) FILTER (WHERE exec_type = 'trade') AS fills,
    last_value(CAST(exec_type AS VARCHAR) ORDER BY seq) AS last_report,
    last_value(CAST(reject_reason AS VARCHAR) ORDER BY seq) AS reject_reason
  FROM executions
  WHERE decision_id IS NOT NULL
  GROUP BY decision_id
)
SELECT
  d.seq,
  d.ts_event,
  d.strategy_id,
  d.instrument_id,
  d.action,
  d.side,
  d.qty,
  d.order_id,
  coalesce(r.reports, 0) AS reports,
  coalesce(r.last_report, 'none') AS last_report,
  r.reject_reason
FROM decisions AS d
LEFT JOIN reports AS r ON r.decision_id = d.decision_id
WHERE d.status = 'submitted'
  AND d.action IN ('enter', 'exit', 'increase', 'reduce', 'reverse', 'hedge')
  AND coalesce(r.fills, 0) = 0
  AND (:strategy = '*' OR d.strategy_id = :strategy)
ORDER BY d.seq
