// The options of the PostgreSQL store.
using Durable.Storage.Postgres;

namespace Durable;

/// <summary>Options of the PostgreSQL store. See <c>UsePostgres</c>.</summary>
public sealed class PostgresOptions
{
    /// <summary>The schema of the store's tables; one engine per schema. Lower-case letters, digits and <c>_</c>, not beginning with a digit, at most 48. Default <c>durable</c>.</summary>
    public string Schema { get; set; } = "durable";

    /// <summary>Whether the store creates and migrates its schema when the host starts. Default true. False for a role without DDL:
    /// then run <see cref="PostgresMigrations.MigrateAsync"/> or the script with another role first.</summary>
    public bool Migrate { get; set; } = true;

    /// <summary>The deadline of each database call; a commit's is at most half the lease. Default 10 s, at least 1 s.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many connections this process uses beside one per lane, one for heartbeats and one for wake-ups. Default 3, so 6 in all; from 1 to 50.</summary>
    public int MaxPoolSize { get; set; } = 3;

    /// <summary>How many transactional steps of this process are under way at once; each has a connection of its own while it runs, beside those of <see cref="MaxPoolSize"/>.
    /// Default 5; from 1 to 100. With a data source its pool gives these connections.</summary>
    public int MaxTransactions { get; set; } = 5;

    /// <summary>Whether workers listen for wake-ups of other hosts (LISTEN) and send them (NOTIFY). Default true. Without it, or behind a pooler that does not pass
    /// notifications, work of other hosts is found by polling.</summary>
    public bool WakeUps { get; set; } = true;

    /// <summary>How the store takes part in engines that lack something of PostgreSQL's. Internal: found by probes, set by conformance tests.</summary>
    internal PostgresVariant Variant { get; set; } = new();

    /// <summary>Where the shard groups are. Internal: set by the option that names the engine underneath, and by tests.</summary>
    internal IPlacement Placement { get; set; } = SinglePlacement.Instance;

    /// <summary>All that is out of range, one sentence each.</summary>
    internal IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (!SchemaName.IsAllowed(Schema)) faults.Add($"Schema '{Schema}' must match {SchemaName.Pattern}.");
        if (CommandTimeout < TimeSpan.FromSeconds(1) || CommandTimeout > TimeSpan.FromMinutes(10)) faults.Add($"CommandTimeout {CommandTimeout} must be from 1 s to 10 min.");
        if (MaxPoolSize is < 1 or > 50) faults.Add($"MaxPoolSize {MaxPoolSize} must be from 1 to 50.");
        if (MaxTransactions is < 1 or > 100) faults.Add($"MaxTransactions {MaxTransactions} must be from 1 to 100.");
        return faults;
    }
}
