// SCALING 3.8: what a session sets does not reach the sessions that Citus opens on the nodes; what the role has set does.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>The planner settings under which every join is a lookup by key must be in force where the rows are.</summary>
internal class SettingsProbe : EngineProbe
{
    private static readonly string[] Pinned = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"];

    /// <inheritdoc/>
    public override string Name => "settings where the rows are";

    /// <inheritdoc/>
    public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        var name = room.Name("settings");
        await using var connection = await OpenAsync(room, cancellationToken).ConfigureAwait(false);
        await ProbeRoom.ScalarAsync(connection, room.Insert(name), cancellationToken).ConfigureAwait(false);

        // Read beside a row: that is done where the row is.
        var read = room.Command($"select array[{string.Join(", ", Pinned.Select(p => $"current_setting('{p}')"))}] from $t where shard = $1 and name = $2", PgBatch.Text(name));
        await using var batch = new NpgsqlBatch(connection);
        if (room.Pooler)
        {
            batch.BatchCommands.Add(new("begin"));
            foreach (var pin in PgBatch.PinTexts) batch.BatchCommands.Add(new(pin));
        }

        batch.BatchCommands.Add(read);
        if (room.Pooler) batch.BatchCommands.Add(new("commit"));
        var values = (string[])(await batch.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        List<string> loose = [.. Pinned.Where((_, i) => values[i] != "off")];
        if (loose.Count == 0) return null;
        var role = connection.UserName ?? "current_user";
        return $"{string.Join(", ", loose)} {(loose.Count == 1 ? "is" : "are")} on where the rows are, so that plans may read whole tables. Run on the coordinator: "
            + string.Concat(loose.Select(p => $"alter role {role} set {p} = off; ")) + "and connect again.";
    }

    /// <summary>A connection as the engine's are.</summary>
    protected virtual ValueTask<NpgsqlConnection> OpenAsync(ProbeRoom room, CancellationToken cancellationToken) => room.OpenAsync(cancellationToken);
}
