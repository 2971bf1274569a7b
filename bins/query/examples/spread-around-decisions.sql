-- spread-around-decisions
-- Question: How wide was the market that decisions were made in, and did the decider see the same one?
-- Reads: decisions, quotes.
-- Parameter max_age (duration, default 5s): how old the quote may be.
-- Answer: One row a strategy. Each decision meets the last quote of its instrument that was available before it; the
--   spread is in bps of the middle. `without_quote` decisions met none or one that is too old. `seen_otherwise` counts
--   decisions whose own bid or ask is not that of the quote: the decider read an older or a newer market.
SELECT
  strategy_id,
  count(*) AS decisions,
  count(*) FILTER (WHERE asof_found <> 'found') AS without_quote,
  avg(10000.0 * 2 * (right_ask_px - right_bid_px) / (right_ask_px + right_bid_px)) AS mean_spread_bps,
  max(10000.0 * 2 * (right_ask_px - right_bid_px) / (right_ask_px + right_bid_px)) AS max_spread_bps,
  avg(asof_age_ns) FILTER (WHERE asof_found = 'found') AS mean_age_ns,
  count(*) FILTER (WHERE bid_px <> right_bid_px OR ask_px <> right_ask_px) AS seen_otherwise
FROM asof_join(
  'SELECT strategy_id, instrument_id, ts_event, bid_px, ask_px FROM decisions WHERE instrument_id IS NOT NULL',
  'quotes', 'ts_event', 'ts_avail', 'instrument_id', :max_age)
GROUP BY strategy_id
ORDER BY strategy_id
