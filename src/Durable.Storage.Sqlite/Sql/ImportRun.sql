-- A whole run from elsewhere gets its generation, and is paused (import).
-- Lock: the file's one write lock. Index: key of durable_run. Bound: 1 row.
update durable_run set gen = :gen, first_gen = :first_gen, status = :status where run_id = :run_id
