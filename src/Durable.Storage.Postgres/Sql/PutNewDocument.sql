-- The first version of a document, if there is none of that key, whatever its shard. Two writers of one shard meet in the key; a key belongs to one shard.
insert into $schema.document (kind, key, shard, namespace, version, run_id, updated_at, json)
select @Kind, @Key, @Shard::smallint, @Namespace, @Version, @RunId::uuid, $now, @Json
where not exists (select 1 from $schema.document d where d.kind = @Kind and d.key = @Key and d.namespace = @Namespace $shards(d))
on conflict do nothing
