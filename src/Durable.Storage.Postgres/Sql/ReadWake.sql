-- Where a run is: its wake row. $1 run.
select w.shard, w.namespace, nullif(w.due_at, 'infinity'), w.asap, w.type, w.version, w.queue, w.priority, w.hold, w.hold_builds, w.wait_reason, w.gen, w.next_seq, w.attempt
from $schema.ready w where w.run_id = $1 and w.sender = '00000000-0000-0000-0000-000000000000' and w.sender_seq = 0 $shards(w)
