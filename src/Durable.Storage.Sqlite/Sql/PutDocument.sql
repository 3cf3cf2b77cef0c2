-- Compare-and-set of a document by its version.
-- Lock: the file's one write lock. Index: key of durable_document. Bound: 1 row.
insert into durable_document (kind, key, namespace, version, json, run_id, shard, updated_at)
select :kind, :key, :namespace, :version, :json, :run_id, :shard, :updated_at
where :version = 1 + coalesce((select version from durable_document where kind = :kind and key = :key and namespace = :namespace), 0)
on conflict (kind, key, namespace) do update set version = excluded.version, json = excluded.json, run_id = excluded.run_id, updated_at = excluded.updated_at
