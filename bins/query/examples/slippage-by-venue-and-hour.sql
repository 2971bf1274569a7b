-- slippage-by-venue-and-hour
-- Question: What did fills cost against the middle of the market when the order arrived, by venue and hour?
-- Reads: executions.
-- Parameter strategy (text, default *): fills of this strategy alone, * for all.
-- Parameter instrument (count or *, default *): fills of the instrument of this number alone, * for all.
-- Answer: One row a venue and hour (UTC, by the venue's clock). `slippage_bps` is the mean over fills weighted by their
--   value, positive where we paid: bought above the middle or sold below it. Busted fills are left out and corrected
--   ones count as corrected. Sums are exact until the last division. Values are in the currency of each price, so with
--   instruments of several currencies name one. Fills without both arrival prices are counted and not measured.
WITH fills AS (
  SELECT
    coalesce(CAST(e.venue AS VARCHAR), 'unknown') AS venue,
    date_trunc('hour', e.ts_event) AS hour,
    e.last_qty,
    -- In 2e-9 of the currency: twice the middle, and twice what was paid above it.
    e.arrival_bid_px + e.arrival_ask_px AS middle,
    CASE e.side WHEN 'buy' THEN 1 ELSE -1 END
      * (2 * e.last_px - e.arrival_bid_px - e.arrival_ask_px) AS paid
  FROM executions AS e
  LEFT ANTI JOIN (
    SELECT source_id, exec_ref_id FROM executions WHERE exec_type IN ('trade_cancel', 'trade_correct')
  ) AS c ON c.source_id = e.source_id AND c.exec_ref_id = e.exec_id
  WHERE e.exec_type IN ('trade', 'trade_correct')
    AND (:strategy = '*' OR e.strategy_id = :strategy)
    AND (:instrument = '*' OR CAST(e.instrument_id AS VARCHAR) = :instrument)
)
SELECT
  venue,
  hour,
  count(*) AS fills,
  count(*) - count(middle) AS fills_without_arrival,
  sum(last_qty) AS qty,
  10000 * CAST(sum(CAST(paid AS DECIMAL(20, 0)) * last_qty) AS DOUBLE)
    / CAST(sum(CAST(middle AS DECIMAL(20, 0)) * last_qty) AS DOUBLE) AS slippage_bps
FROM fills
GROUP BY venue, hour
ORDER BY venue, hour
