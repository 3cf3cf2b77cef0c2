-- What migrations need before the first of them: the schema and the two tables that say what was applied. Safe to run again.
create schema if not exists $schema;

-- One row per migration that was applied. hash: SHA-256 of the file as shipped; a file that changed later is refused (DUR1008).
create table if not exists $schema.schema (
    number int not null,
    name text not null,
    hash text not null,
    applied_at timestamptz not null,
    primary key (number)
);

-- One row. Its lock is the lock of migrations. place: what identifies the server and database it was accepted for (DECISIONS 9).
create table if not exists $schema.installation (
    one smallint not null,
    installation_id uuid not null,
    shard_modulus smallint not null,
    min_build_format int not null,
    place text,
    accepted_at timestamptz not null,
    accepted_by text,
    primary key (one),
    constraint installation_is_one_row check (one = 1)
);
