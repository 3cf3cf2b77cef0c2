// Opening, renewing and giving up lanes (PROTOCOL §4.1, R7, X1).
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Verbs on the lane row.</summary>
internal sealed class LaneVerbs(EngineConnections connections, Calls calls) : IAsyncDisposable
{
    private readonly SemaphoreSlim heartbeats = new(1, 1);
    private NpgsqlConnection? heart;

    /// <summary>O1 and O2 in one round trip: raise the epoch, adopt, read the runs behind it.</summary>
    public Task<OpenedLane?> OpenAsync(OpenLane request, CancellationToken cancellationToken) => calls.RunAsync("open a lane", async (connection, ct) =>
    {
        var lane = request.Lane;
        await using var batch = calls.Batch(connection, transaction: true)
            .Add("OpenLane", PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), PgBatch.Text(lane.Identity), PgBatch.Uuid(lane.Holder), PgBatch.Span(request.Lease),
                PgBatch.Of(request.Takeover, NpgsqlDbType.Boolean), PgBatch.Text(request.Build), PgBatch.Texts(request.Serves))
            .Add("OpenLaneAdopt", PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), PgBatch.Uuid(lane.Holder))
            .Add("OpenLaneOwned", PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), PgBatch.Uuid(lane.Holder))
            .Add("OpenLaneNumber", PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), PgBatch.Uuid(lane.Holder))
            .AddText("select " + calls.Now);
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var epochs = await RowReader.AllAsync(reader, r => r.GetInt64(0), ct).ConfigureAwait(false);
        var owned = await RowReader.NextAsync(reader, RowReader.Owned, ct).ConfigureAwait(false);
        var numbers = await RowReader.NextAsync(reader, r => r.GetInt64(0), ct).ConfigureAwait(false);
        var now = await RowReader.NextAsync(reader, r => RowReader.Time(r, 0), ct).ConfigureAwait(false);
        await FinishAsync(reader, ct).ConfigureAwait(false);
        return epochs.Count == 0 ? null : new OpenedLane(epochs[0], numbers[0], now[0], owned);
    }, cancellationToken);

    /// <summary>R7, on a connection of its own, so that a lease never waits behind the pool.</summary>
    public async Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken)
    {
        await heartbeats.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (heart is not { State: System.Data.ConnectionState.Open })
            {
                await DropHeartAsync().ConfigureAwait(false);
                heart = await connections.OpenOwnAsync("durable-heartbeat", cancellationToken).ConfigureAwait(false);
            }

            await using var batch = calls.Batch(heart, transaction: true).AddText("set local synchronous_commit = off")
                .Add("Heartbeat", PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), PgBatch.Long(epoch), PgBatch.Span(lease));
            var counts = await batch.ExecuteAsync(cancellationToken).ConfigureAwait(false);
            return counts[0] == 1;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException or OperationCanceledException)
        {
            await DropHeartAsync().ConfigureAwait(false);
            throw Sqlstates.ToDurable(e, "heartbeat", connections.Description);
        }
        finally
        {
            heartbeats.Release();
        }
    }

    /// <summary>X1.</summary>
    public Task CloseAsync(LaneKey lane, long epoch, CancellationToken cancellationToken) => calls.RunAsync("close a lane", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("CloseLane", PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), PgBatch.Long(epoch));
        return await batch.ExecuteAsync(ct).ConfigureAwait(false);
    }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await heartbeats.WaitAsync().ConfigureAwait(false);
        await DropHeartAsync().ConfigureAwait(false);
        heartbeats.Release();
    }

    /// <summary>Reads a batch to its end: only then is its commit known.</summary>
    internal static async Task FinishAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
        {
            // What is left is the answer to commit.
        }
    }

    private async ValueTask DropHeartAsync()
    {
        var old = heart;
        heart = null;
        if (old is not null) await old.DisposeAsync().ConfigureAwait(false);
    }
}
