-- L3, D4: all messages of each run from one statement, in order of (sender, sender_seq), a prefix of them if there are too many. $1 runs, $2 limit.
select m.run_id, m.shard, m.namespace, m.sender, m.sender_seq, m.kind, m.control, m.target, m.payload, m.encoding, m.accepted_at, m.reply_gen, m.reply_ordinal, m.actor, m.correlation, m.causation, m.trace
from unnest($1) with ordinality u(run_id, n)
cross join lateral (select m.* from $schema.message m where m.run_id = u.run_id $shards(m) order by m.sender, m.sender_seq limit $2) m
order by u.n, m.sender, m.sender_seq
