-- The next version of a document, if the stored one is the version before.
update $schema.document set version = @Version, run_id = @RunId, updated_at = $now, json = @Json
where kind = @Kind and key = @Key and namespace = @Namespace and version = @Version - 1 $shards(document)
