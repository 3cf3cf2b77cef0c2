-- A document written by a run's batch: inserted or replaced.
-- Lock: the file's one write lock. Index: key of durable_document, durable_document_run. Bound: 1 row.
insert into durable_document (kind, key, namespace, version, json, run_id, shard, updated_at)
values (:kind, :key, :namespace, :version, :json, :run_id, :shard, :updated_at)
on conflict (kind, key, namespace) do update set version = excluded.version, json = excluded.json, run_id = excluded.run_id, updated_at = excluded.updated_at
