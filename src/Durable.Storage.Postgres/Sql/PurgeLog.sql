-- Old rows of the log, lane by lane in order of their number, so that what stays has no gap; never one that says what a lane's last number is (C1).
-- $1 before, $2 at most in each lane.
delete from $schema.commit_log t
using (
    select x.lane_id, x.commit_seq, x.shard from $schema.lane l
    cross join lateral (
        select c.lane_id, c.commit_seq, c.shard, c.at from $schema.commit_log c
        where c.lane_id = l.lane_id and c.commit_seq <= l.commit_seq $shards(c) order by c.commit_seq limit $2) x
    where x.at < $1 $shards(l)) k
where t.lane_id = any (array[k.lane_id]) and t.commit_seq = k.commit_seq and t.shard = k.shard $shards(t)
