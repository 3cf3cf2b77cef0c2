// One database of the throw-away server.
using Durable.Storage;
using Durable.Storage.Postgres;

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
