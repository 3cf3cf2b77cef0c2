-- Starts a run if the newest run of its id lets it (N1): the ordinal is the compare-and-set. Gate 0: any closed one, 1: only one that failed, 2: none.
-- Lock: the file's one write lock. Index: durable_run_workflow twice, then the keys. Bound: 1 row; none = refused, or stored by an earlier try.
insert into durable_run (run_id, namespace, workflow_id, ordinal, shard, type, version, build, status, gen, first_gen, created_at, deadline_at, encoding, queue, priority,
    secret, input, attributes, parent, actor, correlation, trace)
select :run_id, :namespace, :workflow_id,
    coalesce((select max(ordinal) from durable_run where workflow_id = :workflow_id and namespace = :namespace), 0) + 1,
    :shard, :type, :version, :build, :status, 0, 0, :created_at, :deadline_at, :encoding, :queue, :priority,
    :secret, :input, :attributes, :parent, :actor, :correlation, :trace
where coalesce((select status >= 10 and (:gate = 0 or (:gate = 1 and status > 10)) from durable_run
    where workflow_id = :workflow_id and namespace = :namespace order by ordinal desc limit 1), 1)
on conflict do nothing
