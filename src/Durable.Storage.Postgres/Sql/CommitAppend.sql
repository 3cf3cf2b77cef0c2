-- C6: events of owned runs. 23505 on the key means two writers: the batch is rejected, with an alarm. Locks: none (inserts). $1-$20 events.
insert into $schema.event (run_id, gen, seq, shard, namespace, kind, at, ordinal, target, payload, commands, encoding, schema, crc, sender, sender_seq, actor, correlation, causation, trace)
select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
