-- Mail of own runs in namespaces that the lane does not serve: it adopted them from a predecessor with other options.
-- Reads all of durable_owned, so that the backlog of other tenants is not read; only for lanes that do not serve every namespace. Bound: the caller stops at its limit.
select o.run_id, 1, 0, n.due_at
from durable_owned o cross join durable_ready n on n.run_id = o.run_id
where o.lane_id = :lane_id and o.namespace not in (select value from json_each(:namespaces)) and n.due_at between :low and :high
