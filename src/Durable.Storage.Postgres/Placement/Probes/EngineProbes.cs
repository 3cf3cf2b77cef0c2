// All trials, on one way into the database.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Runs the trials and refuses an engine that fails one.</summary>
internal static class EngineProbes
{
    /// <summary>What is tried.</summary>
    public static IReadOnlyList<EngineProbe> All { get; } = [new AtomicityProbe(), new LockingReadProbe(), new DuplicateKeyProbe(), new ClaimProbe(), new ClockProbe(), new SettingsProbe()];

    /// <summary>Tries all, and says all that failed at once.</summary>
    /// <param name="connections">The way: to the coordinator, or to the server of the shard.</param>
    /// <param name="shard">A shard value that may be written there.</param>
    /// <param name="isSpread">Whether the texts for a spread database are used.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    /// <param name="probes">What is tried instead of all.</param>
    /// <exception cref="DurableException">DUR1018: at least one failed. Others: the server cannot be reached, a right is missing.</exception>
    public static async Task RequireAsync(EngineConnections connections, short shard, bool isSpread, CancellationToken cancellationToken, IReadOnlyList<EngineProbe>? probes = null)
    {
        try
        {
            await connections.ProbeAsync(cancellationToken).ConfigureAwait(false);
            var room = new ProbeRoom(connections, shard, isSpread);
            var faults = new List<string>();
            try
            {
                foreach (var probe in probes ?? All)
                    if (await TryAsync(probe, room, cancellationToken).ConfigureAwait(false) is { } fault) faults.Add($"{probe.Name}: {fault}");
            }
            finally
            {
                await room.CleanAsync(CancellationToken.None).ConfigureAwait(false);
            }

            if (faults.Count > 0) throw new DurableException(DurableErrorCodes.EngineUnfit, $"{connections.Description} cannot hold the store (tried on shard {shard}). {string.Join(" ", faults)}");
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw Sqlstates.ToDurable(e, "try the engine", connections.Description);
        }
    }

    // An engine that cannot even run the statement has failed the trial, with its own words for the reason; who may not write or has no tables has another problem.
    private static async Task<string?> TryAsync(EngineProbe probe, ProbeRoom room, CancellationToken cancellationToken)
    {
        try
        {
            return await probe.TryAsync(room, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (Sqlstates.IsUnsupported(e) || e.SqlState is "42883" or "22023")
        {
            return $"the engine refused a statement: {e.MessageText} (SQLSTATE {e.SqlState}).";
        }
    }
}
