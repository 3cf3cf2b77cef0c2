// pg_terminate_backend at random sessions: lanes, heartbeats, clients, listeners.
using Npgsql;

namespace Durable.Chaos.Faults;

/// <summary>Ends sessions of the server.</summary>
internal sealed class TerminateFault(string place) : Fault("terminate")
{
    private const string Victim = """
        select pg_terminate_backend(pid), state = 'active' or state like 'idle in%', application_name like 'durable-lane%'
        from (select pid, state, application_name from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name like 'durable%'
            order by md5(pid::text || clock_timestamp()::text) limit 1) one
        """;

    private readonly string own = new NpgsqlConnectionStringBuilder(place) { Pooling = false, ApplicationName = "chaos" }.ConnectionString;
    private int atWork;
    private int lanes;

    public override string Details => $"in the middle of something {atWork}, of lanes {lanes}";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        NpgsqlConnection? connection = null;
        while (await PauseAsync(random.Next(20, 160), stop))
        {
            try
            {
                connection ??= await OpenAsync();
                Tried();
                await EndOneAsync(connection);
            }
            catch (Exception error) when (error is NpgsqlException or InvalidOperationException or TimeoutException)
            {
                if (connection is not null) await connection.DisposeAsync();          // the server is away: another fault is at work
                connection = null;
            }
        }

        if (connection is not null) await connection.DisposeAsync();
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(own);
        await connection.OpenAsync();
        return connection;
    }

    private async Task EndOneAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Victim, connection);
        await using var row = await command.ExecuteReaderAsync();
        if (!await row.ReadAsync() || !row.GetBoolean(0)) return;
        Bit();
        if (!row.IsDBNull(1) && row.GetBoolean(1)) Interlocked.Increment(ref atWork);
        if (row.GetBoolean(2)) Interlocked.Increment(ref lanes);
    }
}
