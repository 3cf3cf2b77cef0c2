// SCALING 5.2: how a commit ended whose answer was lost is learned by a write, which waits for it; a plain read would tell the state before.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>A locking update that meets a transaction under way must wait for its end and build on what that has left; and so must the statement behind it, where that transaction has only locked the row (decision 27).</summary>
internal class LockingReadProbe : EngineProbe
{
    // Long enough for an engine that does not wait to show it; one that waits passes however long it takes.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override string Name => "locking read of an unknown outcome";

    /// <summary>The statement that finds out: gives the number after it.</summary>
    protected virtual string Question => "update $t set epoch = epoch + 1 where shard = $1 and name = $2 returning epoch";

    /// <summary>Begins the transaction that opens a lane.</summary>
    protected virtual string Begin => "begin";

    /// <inheritdoc/>
    public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken) =>
        await TryWrittenAsync(room, cancellationToken).ConfigureAwait(false) ?? await TryLockedAsync(room, cancellationToken).ConfigureAwait(false);

    private async Task<string?> TryWrittenAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        var name = room.Name("doubt");
        await using var writer = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var asker = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        await ProbeRoom.ScalarAsync(writer, room.Insert(name), cancellationToken).ConfigureAwait(false);
        await using (var open = new NpgsqlBatch(writer) { BatchCommands = { new("begin"), room.Command("update $t set epoch = epoch + 10 where shard = $1 and name = $2", PgBatch.Text(name)) } })
        {
            await open.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        var answer = AskAsync(asker, room, name, cancellationToken);
        var early = await Task.WhenAny(answer, Task.Delay(Patience, cancellationToken)).ConfigureAwait(false) == answer;
        await using (var commit = new NpgsqlCommand("commit", writer))
        {
            await commit.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        var epoch = await answer.ConfigureAwait(false);
        if (epoch == 12 && !early) return null;
        return $"A statement that must wait for the commit of another session {(early ? "did not wait" : "waited")} and saw {epoch} instead of 12: the outcome of a commit whose answer was lost could not be found out.";
    }

    // As a batch, which locks its lane's row and writes its number into the log, and whoever opens that lane meanwhile.
    private async Task<string?> TryLockedAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        if (room.Variant.Isolation != "read committed") return null;            // there each batch writes the row, which is what was tried above
        var (lane, number) = (room.Name("lane"), room.Name("number"));
        await using var writer = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var asker = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        await ProbeRoom.ScalarAsync(writer, room.Insert(lane), cancellationToken).ConfigureAwait(false);
        await using (var open = new NpgsqlBatch(writer) { BatchCommands = { new("begin"), room.Command("select 1 from $t where shard = $1 and name = $2 for no key update", PgBatch.Text(lane)), room.Insert(number) } })
        {
            await open.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        var answer = OpenAsync(asker, room, lane, number, cancellationToken);
        var early = await Task.WhenAny(answer, Task.Delay(Patience, cancellationToken)).ConfigureAwait(false) == answer;
        await using (var commit = new NpgsqlCommand("commit", writer))
        {
            await commit.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        var seen = await answer.ConfigureAwait(false);
        if (seen == 1 && !early) return null;
        return $"A statement that must wait for a session which has locked its row {(early ? "did not wait" : "waited")}, and the statement behind it saw {seen} of the 1 row that the session had written: the number of a lane's last batch could not be found out. "
            + "Where READ COMMITTED is mapped to another isolation, it must be switched on.";
    }

    private async Task<long> OpenAsync(NpgsqlConnection connection, ProbeRoom room, string lane, string number, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(Begin), room.Command("update $t set epoch = epoch + 1 where shard = $1 and name = $2", PgBatch.Text(lane)),
                room.Command("select count(*) from $t where shard = $1 and name = $2", PgBatch.Text(number)), new NpgsqlBatchCommand("commit"),
            },
        };
        return (long)(await batch.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    // Engines with optimistic transactions refuse it once the other one has committed: it is sent again, as the engine does.
    private async Task<long?> AskAsync(NpgsqlConnection connection, ProbeRoom room, string name, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ProbeRoom.ScalarAsync(connection, room.Command(Question, PgBatch.Text(name)), cancellationToken).ConfigureAwait(false) as long?;
            }
            catch (PostgresException e) when (attempt < 5 && Sqlstates.MayRepeat(e))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
