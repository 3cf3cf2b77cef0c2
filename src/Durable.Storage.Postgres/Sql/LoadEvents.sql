-- L3: the current generation of each run, in order. $1 runs.
select e.run_id, e.gen, e.seq, e.shard, e.namespace, e.kind, e.at, e.ordinal, e.target, e.payload, e.commands, e.encoding, e.schema, e.crc, e.sender, e.sender_seq, e.actor, e.correlation, e.causation, e.trace
from unnest($1) with ordinality u(run_id, n)
cross join lateral (select r.run_id, r.gen, r.shard from $schema.run r where r.run_id = u.run_id $shards(r) offset 0) r
cross join lateral (select e.* from $schema.event e where e.run_id = r.run_id and e.gen = r.gen and e.shard = r.shard $shards(e) order by e.seq offset 0) e
order by u.n, e.seq
