-- R2, when the statement before found fewer rows than it may take: nothing can be added under a dead lane, so nobody needs to look again. The number of its last batch is
-- written down, so that its log may go. $1 lane, $2 shard.
update $schema.lane set released = true,
    commit_seq = greatest(commit_seq, (select c.commit_seq from $schema.commit_log c where c.lane_id = $1 and c.shard = $2 order by c.commit_seq desc limit 1))
where lane_id = $1 and shard = $2 and holder is null
