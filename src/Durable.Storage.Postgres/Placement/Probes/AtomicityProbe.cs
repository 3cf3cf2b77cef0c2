// SCALING 3.1: a pipeline of begin, statements and commit is all or nothing.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>A batch whose last statement fails must leave nothing of the first, and one that does not must leave all.</summary>
internal class AtomicityProbe : EngineProbe
{
    /// <inheritdoc/>
    public override string Name => "batch atomicity";

    /// <inheritdoc/>
    public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        var (whole, half) = (room.Name("whole"), room.Name("half"));
        await using (var connection = await room.OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await using var batch = NewBatch(connection, room, room.Insert(whole), Epoch(room, whole, "epoch + 1"));
            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        await using (var connection = await room.OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await using var batch = NewBatch(connection, room, room.Insert(half), Epoch(room, half, "1 / (epoch - 1)"));
            try
            {
                await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                return "A division by zero in the middle of a batch was not reported.";
            }
            catch (PostgresException e) when (e.SqlState == "22012")
            {
                // As it must be; closing the connection ends what is left of the transaction.
            }
        }

        await using var reader = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (await CountAsync(reader, room, half, cancellationToken).ConfigureAwait(false) != 0) return "A batch that failed in its second statement left the row of its first one: half of a commit would stay.";
        return await CountAsync(reader, room, whole, cancellationToken).ConfigureAwait(false) == 1 ? null : "A batch that was committed has left nothing.";
    }

    /// <summary>The batch as the engine sends it.</summary>
    protected virtual NpgsqlBatch NewBatch(NpgsqlConnection connection, ProbeRoom room, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand("begin isolation level " + room.Variant.Isolation) } };
        foreach (var command in commands) batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        return batch;
    }

    private static NpgsqlBatchCommand Epoch(ProbeRoom room, string name, string value) => room.Command($"update $t set epoch = {value} where shard = $1 and name = $2", PgBatch.Text(name));

    private static async Task<long> CountAsync(NpgsqlConnection connection, ProbeRoom room, string name, CancellationToken cancellationToken) =>
        (long)(await ProbeRoom.ScalarAsync(connection, room.Command("select count(*) from $t where shard = $1 and name = $2", PgBatch.Text(name)), cancellationToken).ConfigureAwait(false))!;
}
