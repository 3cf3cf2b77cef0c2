-- D4 for an inbox longer than the limit: the first messages of each sender in turn, so that no sender starves. A prefix per sender, from one statement. $1 run, $2 limit.
select m.run_id, m.shard, m.namespace, m.sender, m.sender_seq, m.kind, m.control, m.target, m.payload, m.encoding, m.accepted_at, m.reply_gen, m.reply_ordinal, m.actor, m.correlation, m.causation, m.trace
from (
    select m.*, row_number() over (partition by m.sender order by m.sender_seq) as turn from $schema.message m where m.run_id = $1
    order by turn, m.sender limit $2) m
order by m.sender, m.sender_seq
