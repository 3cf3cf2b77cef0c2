-- A page of a run's history.
-- Index: key of durable_event. Bound: limit rows.
select run_id, gen, seq, kind, at, ordinal, encoding, schema, crc, shard, namespace, target, payload, commands, sender, sender_seq, actor, correlation, causation, trace
from durable_event where run_id = :run_id and (gen, seq) >= (:gen, :seq) order by gen, seq limit :limit
