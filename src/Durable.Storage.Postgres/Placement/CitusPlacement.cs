// One group per Citus shard of run: Citus says where it is, and its catalogue is believed only as far as it fits what the store needs.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Reads the placement of a schema that Citus has distributed.</summary>
/// <param name="options">What the user chose.</param>
/// <param name="catalogue">Citus' catalogue, or a look-alike of it in tests.</param>
internal sealed class CitusPlacement(CitusOptions options, CitusCatalogue? catalogue = null) : IPlacement
{
    // Each way takes five connections for a moment.
    private const int AtOnce = 4;

    private readonly CitusCatalogue catalogue = catalogue ?? new CitusCatalogue();

    // As of the last look: the node of each group, and the values of each.
    private IReadOnlyList<int> nodes = [];
    private IReadOnlyList<IReadOnlyList<short>>? known;

    /// <inheritdoc/>
    public bool IsSpread => true;

    /// <summary>What the user chose.</summary>
    internal CitusOptions Options => options;

    /// <inheritdoc/>
    public async Task<PlacementMap> ReadAsync(EngineConnections coordinator, CancellationToken cancellationToken)
    {
        var (store, schema) = (coordinator.Description, coordinator.Options.Schema);
        try
        {
            await using var connection = await coordinator.OpenAsync(cancellationToken).ConfigureAwait(false);
            if (!await catalogue.IsThereAsync(connection, cancellationToken).ConfigureAwait(false))
                throw Unfit(store, "the database has no extension citus. Run 'create extension citus' on every server of the cluster (it must be in shared_preload_libraries), or leave UseCitus out");
            if (await catalogue.SelfAsync(connection, cancellationToken).ConfigureAwait(false) is { Node: not 0 } self)
                throw Unfit(store, $"this is data node {self.Node} of the cluster, and the connection string must name the coordinator{(self.Address is null ? "" : $", which its nodes know as {self.Address}")}");
            var modulus = await ModulusAsync(connection, store, schema, cancellationToken).ConfigureAwait(false);
            RequireTables(store, schema, await catalogue.TablesAsync(connection, schema, [.. StoreTables.Spread, .. StoreTables.Everywhere], cancellationToken).ConfigureAwait(false));
            return Map(store, schema, modulus, await catalogue.PlacesAsync(connection, schema, modulus, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw Sqlstates.ToDurable(e, "read the placement", store);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Through the coordinator, where clients and people come in, and on each node itself, where lanes do. A node that is away is passed over: its runs wait for it.</remarks>
    public Task ProbeAsync(EngineConnections coordinator, PlacementMap map, Func<PlacedGroup, EngineConnections> connect, CancellationToken cancellationToken)
    {
        var ways = map.Groups.DistinctBy(g => nodes[g.Group.Number]);
        return Parallel.ForEachAsync(ways, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (group, ct) =>
        {
            try
            {
                await EngineProbes.RequireAsync(coordinator, group.Group.HomeShard, IsSpread, ct).ConfigureAwait(false);
                if (group.Host is null) return;
                var node = connect(group);
                await RequireNodeAsync(node, group, ct).ConfigureAwait(false);
                await EngineProbes.RequireAsync(node, group.Group.HomeShard, IsSpread, ct).ConfigureAwait(false);
            }
            catch (DurableException e) when (IsAway(e))
            {
                Log.NodeAway(coordinator.Logger, coordinator.Description, nodes[group.Group.Number], e.Message);
            }
        });
    }

    private async Task RequireNodeAsync(EngineConnections connections, PlacedGroup group, CancellationToken cancellationToken)
    {
        var (meant, at) = (nodes[group.Group.Number], $"{group.Host}:{group.Port}");
        try
        {
            await using var connection = await connections.OpenAsync(cancellationToken).ConfigureAwait(false);
            if (!await catalogue.IsThereAsync(connection, cancellationToken).ConfigureAwait(false))
                throw Unfit(connections.Description, $"data node {meant} was looked for at {at}, and a server or database without the extension citus answers there. Correct CitusOptions.NodeAddress");
            if (await catalogue.SelfAsync(connection, cancellationToken).ConfigureAwait(false) is { } self && self.Node != meant)
                throw Unfit(connections.Description, $"data node {meant} was looked for at {at}, and {(self.Node == 0 ? "the coordinator" : $"data node {self.Node}")} answers there. "
                    + "Correct CitusOptions.NodeAddress, or the node's name in Citus (citus_update_node)");
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw Sqlstates.ToDurable(e, "ask a data node who it is", connections.Description);
        }
    }

    // Not there at all, or the coordinator says so of a node. What a node has answered is an answer.
    private static bool IsAway(DurableException error) => error.Code == DurableErrorCodes.StoreUnavailable
        && (error.InnerException is not PostgresException refusal || refusal.SqlState.StartsWith("08", StringComparison.Ordinal) || refusal.SqlState.StartsWith("57P", StringComparison.Ordinal));

    private static async Task<int> ModulusAsync(NpgsqlConnection connection, string store, string schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select shard_modulus::int from {SchemaName.Checked(schema)}.installation where one = 1", connection);
        var stored = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as int?
            ?? throw new DurableException(DurableErrorCodes.SchemaNotReady, $"{store}: the installation row is missing. Run the migrations.");
        if (stored == StoreTables.Modulus) return stored;
        throw Unfit(store, $"its runs were stored with {stored} shard values, and this build computes {StoreTables.Modulus}. Use the release that made it");
    }

    private static void RequireTables(string store, string schema, IReadOnlyList<CitusTable> tables)
    {
        var faults = new List<string>();
        var first = tables.Single(t => t.Name == StoreTables.First);
        foreach (var table in tables)
            if (Fault(schema, table, first) is { } fault) faults.Add($"{schema}.{table.Name} {fault}");
        if (faults.Count > 0) throw Unfit(store, string.Join("; ", faults) + ". Run the text of PostgresMigrations.DistributeScript on the coordinator (what is distributed in another way: undistribute_table first); see docs/scaling.md");
    }

    private static string? Fault(string schema, CitusTable table, CitusTable first)
    {
        if (!table.Exists) return "is missing";
        if (StoreTables.Everywhere.Contains(table.Name)) return table switch
        {
            { Method: null } => "is not distributed, and must be a reference table",
            { Method: not 'n' } or { Model: not 't' } => $"is distributed{(table.Column is null ? "" : $" by column {table.Column}")}, and must be a reference table",
            _ => null,
        };
        return table switch
        {
            { Method: null } => $"is not distributed, and must be by column {StoreTables.Column}",
            { Method: 'n', Model: 't' } => $"is a reference table, and must be distributed by column {StoreTables.Column}",
            { Method: not 'h' } => $"is not distributed by the hash of a column, and must be by column {StoreTables.Column}",
            { Column: not StoreTables.Column } => $"is distributed by column {table.Column}, and must be by column {StoreTables.Column}",
            _ when first.Method == 'h' && table.Colocation != first.Colocation => $"is not placed beside {schema}.{StoreTables.First} (colocation {table.Colocation} instead of {first.Colocation})",
            _ => null,
        };
    }

    private PlacementMap Map(string store, string schema, int modulus, IReadOnlyList<CitusPlace> places)
    {
        if (places.FirstOrDefault(p => p.Node is null || p.Host is null || p.Port is null) is { } lost)
            throw Unfit(store, $"no node of the catalogue holds shard {lost.Shard} of {schema}.{StoreTables.First} (Citus shard {lost.Piece}). Look at pg_dist_placement and pg_dist_node");
        if (places.FirstOrDefault(p => p.Copies > 1) is { } copied)
            throw Unfit(store, $"{copied.Copies} nodes hold shard {copied.Shard} of {schema}.{StoreTables.First}. Distribute with citus.shard_replication_factor = 1; copies are the servers' own replication's");

        // Numbered by their lowest value: that stays while the pieces stay, wherever they are moved.
        var pieces = places.GroupBy(p => p.Piece).OrderBy(g => g.Min(p => p.Shard)).ToList();
        IReadOnlyList<IReadOnlyList<short>> shards = [.. pieces.Select(g => (IReadOnlyList<short>)[.. g.Select(p => p.Shard).Order()])];
        if (known is { } before && !before.Select(s => string.Join(',', s)).SequenceEqual(shards.Select(s => string.Join(',', s))))
            throw Unfit(store, $"the Citus shards of {schema}.{StoreTables.First} were split or joined under running hosts. Stop all hosts, then start them; see docs/scaling.md");
        (known, nodes) = (shards, [.. pieces.Select(piece => piece.First().Node!.Value)]);
        return new PlacementMap(modulus, [.. pieces.Select((piece, number) => Place(new ShardGroup(number, shards[number][0], shards[number]), piece.First()))]);
    }

    private PlacedGroup Place(ShardGroup group, CitusPlace place)
    {
        if (place.Node == 0 || !options.ConnectToNodes) return new PlacedGroup(group, null, null);
        var (host, port) = options.NodeAddress?.Invoke(place.Host!, place.Port!.Value) ?? (place.Host!, place.Port!.Value);
        return new PlacedGroup(group, host, port);
    }

    private static DurableException Unfit(string store, string what) => new(DurableErrorCodes.PlacementUnfit, $"{store}: {what}.");
}
