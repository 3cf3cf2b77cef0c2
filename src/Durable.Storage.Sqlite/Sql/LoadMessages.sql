-- All mail of a run, also that whose notice is gone (L3); one statement, so that each sender's part is a prefix (D4).
-- Index: key of durable_message. Bound: limit rows.
select run_id, sender, sender_seq, kind, control, accepted_at, encoding, reply_gen, reply_ordinal, shard, namespace, target, payload, actor, correlation, causation, trace
from durable_message where run_id = :run_id order by sender, sender_seq limit :limit
