-- Documents of a batch, inserted or replaced. Locks: document rows, by key. $1 kind, $2 key, $3 shard, $4 namespace, $5 version, $6 run, $7 content.
insert into $schema.document (kind, key, shard, namespace, version, run_id, updated_at, json)
select u.kind, u.key, u.shard, u.namespace, u.version, u.run_id, $now, u.json
from unnest($1, $2, $3, $4, $5, $6, $7) u(kind, key, shard, namespace, version, run_id, json)
on conflict (kind, key, shard, namespace) do update
set version = excluded.version, run_id = excluded.run_id, updated_at = excluded.updated_at, json = excluded.json
