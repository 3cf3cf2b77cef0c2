-- A page of events in order of (gen, seq). $1 run, $2 first generation, $3 first seq in it, $4 at most.
select e.run_id, e.gen, e.seq, e.shard, e.namespace, e.kind, e.at, e.ordinal, e.target, e.payload, e.commands, e.encoding, e.schema, e.crc, e.sender, e.sender_seq, e.actor, e.correlation, e.causation, e.trace
from $schema.event e where e.run_id = $1 and (e.gen, e.seq) >= ($2, $3) $shards(e)
order by e.gen, e.seq limit $4
