// SCALING 3.7: in writing statements the clock may be the entry node's, in reading ones the data node's. Leases bear a small difference, not a large one.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>A time that was written must lie between the times that were read before and after it, or near.</summary>
internal sealed class ClockProbe : EngineProbe
{
    /// <summary>What is borne: leases are compared with this margin.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    private const string Read = "select array[clock_timestamp(), expires_at] from $t where shard = $1 and name = $2";

    /// <inheritdoc/>
    public override string Name => "clock in writing against reading statements";

    /// <inheritdoc/>
    public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        var name = room.Name("clock");
        await using var connection = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        await ProbeRoom.ScalarAsync(connection, room.Insert(name), cancellationToken).ConfigureAwait(false);
        var before = (await ReadAsync(connection, room, name, cancellationToken).ConfigureAwait(false)).Now;
        await ProbeRoom.ScalarAsync(connection, room.Command("update $t set expires_at = $now where shard = $1 and name = $2", PgBatch.Text(name)), cancellationToken).ConfigureAwait(false);
        var (after, written) = await ReadAsync(connection, room, name, cancellationToken).ConfigureAwait(false);

        // However slow the statements were, a time that was written between the two reads lies between them: what is outside is the clocks' difference.
        var off = written < before ? before - written : written > after ? written - after : TimeSpan.Zero;
        return off <= Bound ? null
            : $"The clock of writing statements is {off.TotalSeconds:0.0} s off that of reading ones, and leases bear {Bound.TotalSeconds:0} s: the servers' clocks differ. Let all of them follow the same time source.";
    }

    private static async Task<(DateTime Now, DateTime Written)> ReadAsync(NpgsqlConnection connection, ProbeRoom room, string name, CancellationToken cancellationToken)
    {
        var times = (DateTime[])(await ProbeRoom.ScalarAsync(connection, room.Command(Read, PgBatch.Text(name)), cancellationToken).ConfigureAwait(false))!;
        return (times[0], times[1]);
    }
}
