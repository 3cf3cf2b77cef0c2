-- O3: number of the last batch that is durable. A statement of its own behind O1, so it sees the batch that O1 waited for (G4b). $1 lane, $2 home shard, $3 holder.
select greatest(l.commit_seq, (select c.commit_seq from $schema.commit_log c where c.lane_id = $1 and c.shard = $2 order by c.commit_seq desc limit 1))
from $schema.lane l where l.lane_id = $1 and l.shard = $2 and l.holder = $3
