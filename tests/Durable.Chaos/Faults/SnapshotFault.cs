// A reader who keeps a snapshot open: nothing that is deleted meanwhile can be removed from tables and indexes.
using Npgsql;

namespace Durable.Chaos.Faults;

/// <summary>Holds REPEATABLE READ transactions. One bites if runs finished while it was held.</summary>
internal sealed class SnapshotFault(string place, Func<int> finished) : Fault("snapshot")
{
    private readonly string own = new NpgsqlConnectionStringBuilder(place) { Pooling = false, ApplicationName = "chaos" }.ConnectionString;
    private int meanwhile;

    public override string Details => $"runs finished meanwhile {meanwhile}";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(own);
                await connection.OpenAsync(stop);
                await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
                await using (var look = new NpgsqlCommand("select count(*), txid_current() from durable.run", connection, transaction)) await look.ExecuteNonQueryAsync(stop);
                Tried();
                var (before, bitten) = (finished(), false);
                for (var since = Moment.Now; Moment.Now - since < 300_000 && !stop.IsCancellationRequested;)
                {
                    await PauseAsync(250, stop);
                    if (bitten || finished() == before) continue;
                    bitten = true;
                    Bit();
                }

                meanwhile += finished() - before;
            }
            catch (Exception error) when (error is NpgsqlException or OperationCanceledException)
            {
                await PauseAsync(200, stop);                                     // another fault is at work, or it is over
            }
        }
    }
}
