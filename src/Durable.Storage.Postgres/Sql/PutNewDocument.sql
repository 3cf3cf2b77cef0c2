-- The first version of a document, if there is none.
insert into $schema.document (kind, key, shard, namespace, version, run_id, updated_at, json)
values (@Kind, @Key, @Shard, @Namespace, @Version, @RunId, $now, @Json) on conflict do nothing
