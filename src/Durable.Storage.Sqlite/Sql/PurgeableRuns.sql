-- Closed runs, the first closed first (P2).
-- Index: durable_run_closed. Bound: limit rows.
select run_id from durable_run where closed_at is not null and closed_at < :closed_before order by closed_at limit :limit
