-- A page of a run's history.
-- Index: key of event. Bound: limit rows.
select run_id, gen, seq, kind, at, ordinal, encoding, schema, crc, shard, namespace, target, payload, commands, sender, sender_seq, actor, correlation, causation, trace
from event where run_id = :run_id and (gen, seq) >= (:gen, :seq) order by gen, seq limit :limit
