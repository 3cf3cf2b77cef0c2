-- A change of an open run that is not its end (C5); null keeps what is there.
-- Lock: the file's one write lock. Index: key of durable_run. Bound: 1 row.
update durable_run set status = coalesce(:status, status), attributes = coalesce(:attributes, attributes), gen = coalesce(:gen, gen),
    version = coalesce(:version, version), first_gen = coalesce(:first_gen, first_gen)
where run_id = :run_id and status < 10
