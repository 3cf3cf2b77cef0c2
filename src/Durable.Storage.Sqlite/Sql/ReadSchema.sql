-- What this file is.
-- Bound: 1 row.
select format, min_build_format, installation_id, shard_modulus, place from durable_schema where id = 1
