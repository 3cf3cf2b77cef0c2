-- The history of one generation (L3).
-- Index: key of durable_event. Bound: the generation, which has a limit.
select run_id, gen, seq, kind, at, ordinal, encoding, schema, crc, shard, namespace, target, payload, commands, sender, sender_seq, actor, correlation, causation, trace
from durable_event where run_id = :run_id and gen = :gen order by seq
