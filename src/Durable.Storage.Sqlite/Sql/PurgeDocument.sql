-- What belongs to a purged run (P2).
-- Lock: the file's one write lock. Index: document_run. Bound: the run's rows.
delete from document where run_id = :run_id
