-- PutNewDocument for Citus, which reports the rows that an insert from a query has passed over as inserted (seen with 13.2.2): those that came back are counted. Parameters as there.
with i as (
    insert into $schema.document (kind, key, shard, namespace, version, run_id, updated_at, json)
    select @Kind, @Key, @Shard::smallint, @Namespace, @Version, @RunId::uuid, $now, @Json
    where not exists (select 1 from $schema.document d where d.kind = @Kind and d.key = @Key and d.namespace = @Namespace $shards(d))
    on conflict do nothing
    returning 1)
select count(*)::int from i
