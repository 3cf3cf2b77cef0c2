// Somebody else has taken all connections of the server, and those of the engine break meanwhile.
using Durable.Chaos.Workers;
using Npgsql;

namespace Durable.Chaos.Faults;

/// <summary>Crowds the server. Bites as often as the server sent an engine connection away.</summary>
internal sealed class ConnectionsFault(StorePlace store) : Fault("connections")
{
    private const string Refusal = "too many clients already";
    private const int Longest = 30_000;          // milliseconds; the engine asks again within seconds, on a slow machine too
    private readonly string own = new NpgsqlConnectionStringBuilder(store.Place) { Pooling = false, ApplicationName = "chaos-crowd", Timeout = 5 }.ConnectionString;
    private int ours;

    public override string Details => "connections refused because the server had no more";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(1_000, 4_000), stop))
        {
            Tried();
            var from = Moment.Now;
            var crowd = new List<NpgsqlConnection>();
            try
            {
                await FillAsync(crowd);
                await BreakAsync(crowd);
                await FillAsync(crowd);
                await PauseAsync(random.Next(2_000, 6_000), stop);
                for (var until = Environment.TickCount64 + Longest; Environment.TickCount64 < until && Refused() <= Bites; await Task.Delay(250, CancellationToken.None)) await FillAsync(crowd);
            }
            finally
            {
                foreach (var one in crowd) await one.DisposeAsync();
                Injuries.Enqueue(new Injury(Kind, null, from, Moment.Now));          // neither leases nor tasks can be renewed meanwhile
            }

            Bit(Math.Max(0, Refused() - Bites));
        }
    }

    private int Refused() => store.CountInLog(Refusal) - ours;

    // Not cut short when the faults end: a server that is not full refuses nobody.
    private async Task FillAsync(List<NpgsqlConnection> crowd)
    {
        while (crowd.Count < 1_000)
        {
            var one = new NpgsqlConnection(own);
            try
            {
                await one.OpenAsync(CancellationToken.None);
                crowd.Add(one);
            }
            catch (NpgsqlException error)
            {
                await one.DisposeAsync();
                if (error is PostgresException { SqlState: "53300" }) ours++;
                return;
            }
        }
    }

    // The engine's sessions end, so that it asks for new ones and there are none.
    private static async Task BreakAsync(List<NpgsqlConnection> crowd)
    {
        if (crowd.Count == 0) return;
        try
        {
            await using var command = new NpgsqlCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'durable%' and random() < 0.5", crowd[0]);
            await command.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException)
        {
            await crowd[0].CloseAsync();          // another fault is at work
        }
    }
}
