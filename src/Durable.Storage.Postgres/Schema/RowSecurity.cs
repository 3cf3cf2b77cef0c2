// Row-level security as the second wall between namespaces: the first is that every statement names its namespaces. For one role per tenant.
namespace Durable.Storage.Postgres;

/// <summary>The script that adds it.</summary>
internal static class RowSecurity
{
    // A lane has no namespace, so it belongs to the role that opened it: who cannot see a dead lane's runs must not take the lane for released either.
    // Partitions have no policy of their own: through the parent its policy counts, and directly nobody but the owner reads them.
    // The owner of the tables, superusers and roles with BYPASSRLS are not bound: migrations, the purger and people use them.
    private const string Text = """
        -- Row-level security for schema $schema. Run it as the owner of the tables, after the migrations, and again after each of them (partitions are added by migrations).
        -- It may be repeated. Then, for each tenant's role:
        --   insert into $schema.namespace_role (role_name, namespace) values ('<role>', '<namespace>');
        begin;
        create table if not exists $schema.namespace_role (
            role_name name not null,
            namespace text not null,
            constraint namespace_role_key primary key (role_name, namespace)
        );
        revoke all on $schema.namespace_role from public;
        create or replace function $schema.own_namespaces() returns text[] language sql stable security definer set search_path = pg_catalog
            as $f$ select coalesce(array_agg(m.namespace), '{}') from $schema.namespace_role m where m.role_name = session_user $f$;
        alter table $schema.lane add column if not exists opened_by name not null default session_user;
        do $d$ declare t text; begin
            foreach t in array array['run', 'event', 'message', 'ready', 'owned', 'task', 'outgoing', 'schedule', 'document', 'blob'] loop
                execute format('alter table $schema.%I enable row level security', t);
                execute format('drop policy if exists own_namespaces on $schema.%I', t);
                execute format('create policy own_namespaces on $schema.%I using (namespace = any ((select $schema.own_namespaces())::text[])) '
                    'with check (namespace = any ((select $schema.own_namespaces())::text[]))', t);
            end loop;
            alter table $schema.lane enable row level security;
            drop policy if exists own_lanes on $schema.lane;
            create policy own_lanes on $schema.lane using (opened_by = session_user) with check (opened_by = session_user);
            for t in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '$schema.event'::regclass loop
                execute format('alter table $schema.%I enable row level security', t);
            end loop;
            -- Views read with the rights of their owner, who is not bound. From PostgreSQL 15 on they can read with those of who asks; before that, tenants do without them.
            for t in select c.relname from pg_class c where c.relnamespace = '$schema'::regnamespace and c.relkind = 'v' loop
                if current_setting('server_version_num')::int >= 150000 then
                    execute format('alter view $schema.%I set (security_invoker = true)', t);
                else
                    execute format('revoke all on $schema.%I from public', t);
                end if;
            end loop;
        end $d$;
        commit;

        """;

    /// <summary>The script for a schema.</summary>
    public static string For(string schema) => Text.Replace("$schema", schema, StringComparison.Ordinal);
}
