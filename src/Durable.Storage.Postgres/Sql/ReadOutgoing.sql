-- M2, sweep: all rows of senders of which one has waited too long, in order of (sender, number), with whether the sender is over. Reads only.
-- What lies ahead of the clock was written before it went back. $1 how long, $2 at most so many rows, $3 shards of the target group or null, $4 only senders behind this one or null, $5 this sender alone or null.
select o.target_run, o.target_shard, o.namespace, o.sender, o.seq, o.kind, o.control, o.target, o.payload, o.encoding, o.accepted_at, o.reply_gen, o.reply_ordinal, o.actor, o.correlation, o.causation, o.trace, o.shard,
    coalesce(r.status >= 10, true)
from (select distinct o.sender from $schema.outgoing o where (o.accepted_at <= (select $now) - $1 or o.accepted_at >= (select $now) + $1) and ($3::smallint[] is null or o.target_shard = any ($3))
    and ($4::uuid is null or o.sender > $4) and ($5::uuid is null or o.sender = $5) $shards(o)) s
cross join lateral (select o.* from $schema.outgoing o where o.sender = s.sender and ($3::smallint[] is null or o.target_shard = any ($3)) $shards(o) order by o.seq offset 0) o
left join lateral (select r.status from $schema.run r where r.run_id = o.sender and r.shard = o.shard $shards(r) offset 0) r on true
order by o.sender, o.seq limit $2
