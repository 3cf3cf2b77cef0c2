-- A document by key.
select namespace, kind, key, shard, version, json, run_id as "runId" from $schema.document where kind = @kind and key = @key and namespace = @ns $shards(document)
