-- fills-without-decision
-- Question: Which fills can nobody explain by a decision?
-- Reads: executions, decisions.
-- Parameter strategy (text, default *): fills of this strategy alone, * for all.
-- Answer: One row a fill, oldest first. A fill that names no decision is a manual trade or one of the venue, as a
--   liquidation; one that names a decision which is not there is a hole in the capture of decisions: look at
--   gaps-and-losses. No row is the good answer.
SELECT
  e.seq,
  e.ts_event,
  e.strategy_id,
  e.instrument_id,
  e.venue,
  e.side,
  e.last_qty,
  e.last_px,
  e.exec_id,
  e.order_id,
  CASE
    WHEN e.decision_id IS NULL THEN 'names no decision'
    ELSE 'names a decision that is not there'
  END AS why
FROM executions AS e
LEFT ANTI JOIN decisions AS d ON d.decision_id = e.decision_id
WHERE e.exec_type = 'trade' AND (:strategy = '*' OR e.strategy_id = :strategy)
ORDER BY e.seq
