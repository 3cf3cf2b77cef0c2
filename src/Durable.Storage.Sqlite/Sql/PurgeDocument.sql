-- What belongs to a purged run (P2).
-- Lock: the file's one write lock. Index: durable_document_run. Bound: the run's rows.
delete from durable_document where run_id = :run_id
