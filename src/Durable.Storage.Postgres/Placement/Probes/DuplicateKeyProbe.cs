// The key of an event is the second fence: what has a number already cannot be written again.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>A second row with the same key must be refused, with the SQLSTATE that says so.</summary>
internal sealed class DuplicateKeyProbe : EngineProbe
{
    /// <inheritdoc/>
    public override string Name => "duplicate key";

    /// <inheritdoc/>
    public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        var name = room.Name("key");
        await using var connection = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        await ProbeRoom.ScalarAsync(connection, room.Insert(name), cancellationToken).ConfigureAwait(false);
        try
        {
            await ProbeRoom.ScalarAsync(connection, room.Insert(name), cancellationToken).ConfigureAwait(false);
            return "A second row with the same primary key was accepted: two owners could write the same history.";
        }
        catch (PostgresException e) when (e.SqlState == "23505")
        {
            return null;
        }
        catch (PostgresException e)
        {
            return $"A second row with the same primary key was refused with SQLSTATE {e.SqlState} instead of 23505 ({e.MessageText}).";
        }
    }
}
