-- Lanes that have a holder, with the number of runs that each owns (one pass over owned).
select l.lane_id as "laneId", l.identity, l.host_build as build, l.serves, l.expires_at as "expiresAt", l.expires_at > $now as alive, coalesce(o.n, 0)::int as owned, greatest(l.commit_seq, n.commit_seq) as "commitSeq"
from $schema.lane l left join (select lane_id, count(*) as n from $schema.owned $only(owned) group by lane_id) o on o.lane_id = l.lane_id
left join lateral (select c.commit_seq from $schema.commit_log c where c.lane_id = l.lane_id and c.shard = l.shard $shards(c) order by c.commit_seq desc limit 1) n on true
where l.holder is not null $shards(l) order by l.identity, l.lane_id
