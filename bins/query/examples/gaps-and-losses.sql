-- gaps-and-losses
-- Question: Was everything captured, and if not, what is missing of whom?
-- Reads: ledger_producers, ledger_gaps.
-- Answer: One row a producer, and one more for each further gap that it has; gaps of nobody stand at the end. A verdict
--   other than `complete` says that rows were announced and are not there. `rows_missing` never arrived, `rows_lost`
--   arrived and cannot be read any more, `rows_skipped` were declared as not to come.
SELECT
  p.producer_name,
  p.state,
  p.verdict,
  p.rows_durable,
  p.rows_missing,
  p.rows_lost,
  p.rows_skipped,
  g.kind AS gap,
  g.table_name AS gap_table,
  g.first_pseq AS gap_first_pseq,
  g.end_pseq AS gap_end_pseq,
  g.first_seq AS gap_first_seq,
  g.end_seq AS gap_end_seq,
  g.reason AS gap_reason,
  g.ts_declared AS gap_declared
FROM ledger_producers AS p
FULL JOIN ledger_gaps AS g ON g.producer_id = p.producer_id
ORDER BY p.producer_name NULLS LAST, g.first_seq, g.first_pseq
