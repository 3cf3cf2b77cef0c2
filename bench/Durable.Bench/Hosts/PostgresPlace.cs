// One database of the throw-away server.
using Durable.Storage;
using Durable.Storage.Postgres;
using Npgsql;

namespace Durable.Bench;

/// <summary>A database.</summary>
/// <param name="connection">Its connection string.</param>
/// <param name="drop">Removes it; null in a child process.</param>
internal sealed class PostgresPlace(string connection, Func<Task>? drop = null) : Place
{
    public override string Address => connection;

    public override void Configure(DurableBuilder builder) => builder.UsePostgres(connection);

    public override void ConfigureDeaf(DurableBuilder builder) => builder.UsePostgres(connection, postgres => postgres.WakeUps = false);

    public override IDurableStore NewStore() => new PostgresStore(new PostgresOptions(), connection);

    public override async Task<long> SizeAsync()
    {
        await using var admin = new NpgsqlConnection(connection);
        await admin.OpenAsync();
        await using var command = new NpgsqlCommand("select pg_database_size(current_database())", admin);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public override async Task NeverAnalyzeAsync()
    {
        await using var admin = new NpgsqlConnection(connection);
        await admin.OpenAsync();
        await using var command = new NpgsqlCommand("""
            do $$ declare t text; begin
              for t in select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'durable' and c.relkind = 'r' loop
                execute 'alter table ' || t || ' set (autovacuum_enabled = off)';
              end loop;
            end $$
            """, admin);
        await command.ExecuteNonQueryAsync();
    }

    public override async Task<IRawWriter> NewRawAsync(Template template)
    {
        var lane = await RawLane.OpenAsync(NewStore());
        return await RawPostgres.OpenAsync(connection, lane, template);
    }

    public override async ValueTask DisposeAsync()
    {
        if (drop is not null) await drop();
    }
}
