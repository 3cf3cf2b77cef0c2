-- The namespaces that have ready rows, by skipping from one to the next through the index: as many steps as there are namespaces.
with recursive n as (
    (select r.namespace from $schema.ready r $only(r) order by r.namespace limit 1)
    union all
    select (select r.namespace from $schema.ready r where r.namespace > n.namespace $shards(r) order by r.namespace limit 1) from n where n.namespace is not null)
select namespace from n where namespace is not null
