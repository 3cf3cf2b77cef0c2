// The one line of a lane (I3): its own connection, one batch in flight, outcomes told apart as C8 demands.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Commits the batches of one lane.</summary>
internal sealed class LaneConnection(EngineConnections connections, LaneKey lane, ILogger log, short[]? shards = null) : IAsyncDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly List<Guid> started = [];
    private NpgsqlConnection? connection;
    private NpgsqlBatch? batch;
    private CommitStatements? statements;       // made anew with the connection: commands remember what was prepared for them
    private TimeSpan lockTimeout;

    /// <summary>Statements and rows of the last batch by name, for tests and benches that count them.</summary>
    internal IReadOnlyList<(string Name, int Rows)> LastBatch => [.. (statements?.Used ?? []).Select(s => (s.Name, s.Rows))];

    /// <summary>Writes one batch. Does not throw for failures of the database.</summary>
    public async Task<CommitResult> CommitAsync(LaneBatch rows, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await OpenAsync(rows.Lease, cancellationToken).ConfigureAwait(false);
            Compose(rows);
            return await SendAsync(rows, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or IOException or TimeoutException or ObjectDisposedException or InvalidOperationException)
        {
            var outcome = await AfterAsync(e).ConfigureAwait(false);
            // G2: only a start may have to wait for a user's transaction. What else waits for long waits for a lock of a whole table (DDL, VACUUM FULL): no run is to blame for that.
            if (e is PostgresException { SqlState: "55P03" } && outcome == CommitOutcome.Rejected && rows.Starts.Count + rows.Children.Count == 0) outcome = CommitOutcome.Retry;
            return new CommitResult(outcome) { Error = Describe(e) };
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await DropAsync().ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task OpenAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        var wanted = TimeSpan.FromTicks(Math.Max(lease.Ticks / 4, TimeSpan.TicksPerMillisecond * 100));
        if (connection is { State: System.Data.ConnectionState.Open } && (wanted == lockTimeout || connections.Pooler))
        {
            lockTimeout = wanted;
            return;
        }

        await DropAsync().ConfigureAwait(false);
        await connections.ProbeAsync(cancellationToken).ConfigureAwait(false);
        connection = await connections.OpenOwnAsync(EngineConnections.LaneApplication(lane.LaneId), cancellationToken).ConfigureAwait(false);
        batch = new NpgsqlBatch(connection);
        statements = new CommitStatements(connections.Options, lane, shards, through: shards is not null && !connections.IsNode);
        lockTimeout = wanted;
        if (connections.Pooler) return;
        await using var command = new NpgsqlCommand(LockTimeoutText("set"), connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Compose(LaneBatch rows)
    {
        var commands = batch!.BatchCommands;
        commands.Clear();
        var deadline = Math.Min(connections.Options.CommandTimeout.TotalSeconds, rows.Lease.TotalSeconds / 2);
        batch.Timeout = Math.Max(1, (int)Math.Ceiling(deadline));
        commands.Add(statements!.Begin);
        if (connections.Pooler)
        {
            foreach (var pin in PgBatch.PinTexts) commands.Add(new NpgsqlBatchCommand(pin));
            commands.Add(new NpgsqlBatchCommand(LockTimeoutText("set local")));
        }

        if (rows.IsClaimsOnly) commands.Add(statements!.ClaimsOnly);     // L4: losing a claim harms nobody
        foreach (var statement in statements.Fill(rows)) commands.Add(statement.Command);
        commands.Add(statements.Clock);
        commands.Add(statements.Commit);
    }

    private async Task<CommitResult> SendAsync(LaneBatch rows, CancellationToken cancellationToken)
    {
        started.Clear();
        List<OwnedRun> claimed = [];
        DateTimeOffset now = default;
        var filled = statements!.Used;
        await using (var reader = await batch!.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var statement in filled)
            {
                if (!statement.HasRows) continue;
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (statement.Kind == CommitResultKind.Starts) started.Add(reader.GetGuid(0));
                    else if (statement.Kind == CommitResultKind.Claims) claimed.Add(RowReader.Owned(reader));
                }

                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            }

            if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) now = RowReader.Time(reader, 0);
            while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
            {
                // Only commit is left: it is durable when its answer was read.
            }
        }

        var alarm = Alarm(filled);
        if (alarm is not null) Log.CountAlarm(log, connections.Description, lane.LaneId, rows.CommitSeq, alarm);
        return new CommitResult(CommitOutcome.Committed) { Now = now, Claimed = claimed, Refused = Refused(rows), Error = alarm };
    }

    private List<Guid> Refused(LaneBatch rows)
    {
        List<Guid> refused = [];
        if (rows.Starts.Count + rows.Children.Count == started.Count) return refused;
        var known = new HashSet<Guid>(started);
        foreach (var start in rows.Starts) if (!known.Contains(start.RunId)) refused.Add(start.RunId);
        foreach (var child in rows.Children) if (!known.Contains(child.RunId)) refused.Add(child.RunId);
        return refused;
    }

    private static string? Alarm(List<CommitStatement> filled)
    {
        string? alarm = null;
        foreach (var s in filled)
            if (s.Kind == CommitResultKind.Counted && s.Command.RecordsAffected != s.Rows)
                alarm = $"{alarm}{(alarm is null ? "" : "; ")}{s.Name} changed {s.Command.RecordsAffected} rows of {s.Rows}";
        return alarm;
    }

    // A definite error is one that the server told on a connection that is well afterwards; it is then cleaned for the next batch.
    private async Task<CommitOutcome> AfterAsync(Exception error)
    {
        if (error is PostgresException && connection is { State: System.Data.ConnectionState.Open })
        {
            try
            {
                await using var rollback = new NpgsqlCommand("rollback", connection);
                await rollback.ExecuteNonQueryAsync().ConfigureAwait(false);
                var outcome = Sqlstates.OutcomeOf(error, answered: true, spread: shards is not null);
                if (outcome == CommitOutcome.Unknown) await DropAsync().ConfigureAwait(false);
                return outcome;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or ObjectDisposedException or InvalidOperationException)
            {
                Log.LaneConnectionLost(log, e, connections.Description, lane.LaneId);
            }
        }

        await DropAsync().ConfigureAwait(false);
        return CommitOutcome.Unknown;
    }

    private async ValueTask DropAsync()
    {
        var (oldBatch, oldConnection) = (batch, connection);
        (batch, connection) = (null, null);
        oldBatch?.BatchCommands.Clear();
        if (oldBatch is not null) await oldBatch.DisposeAsync().ConfigureAwait(false);
        if (oldConnection is not null) await oldConnection.DisposeAsync().ConfigureAwait(false);
    }

    private string LockTimeoutText(string verb) => $"{verb} lock_timeout = {(int)lockTimeout.TotalMilliseconds}";

    private string Describe(Exception error) => error is OperationCanceledException ? "The wait was cancelled." : Sqlstates.ToDurable(error, "commit", connections.Description).Message;
}
