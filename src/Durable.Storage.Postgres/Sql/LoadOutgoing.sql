-- M2: what runs have sent to other groups and nobody has removed yet, in order of number. $1 runs.
select o.target_run, o.target_shard, o.namespace, o.sender, o.seq, o.kind, o.control, o.target, o.payload, o.encoding, o.accepted_at, o.reply_gen, o.reply_ordinal, o.actor, o.correlation, o.causation, o.trace, o.shard
from unnest($1) with ordinality u(run_id, n)
cross join lateral (select o.* from $schema.outgoing o where o.sender = u.run_id $shards(o) order by o.seq offset 0) o
order by u.n, o.seq
