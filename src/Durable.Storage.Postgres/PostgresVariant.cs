// What an engine that speaks PostgreSQL's protocol may lack or do differently, as switches: conformance runs with each of them.
namespace Durable.Storage.Postgres;

/// <summary>Capabilities and their fallbacks. The defaults are plain PostgreSQL's.</summary>
internal sealed record PostgresVariant
{
    /// <summary>False: <c>event</c> is one plain table.</summary>
    public bool Partitions { get; init; } = true;

    /// <summary>False: rows are locked by waiting instead of passing over them.</summary>
    public bool SkipLocked { get; init; } = true;

    /// <summary>The isolation that batches ask for (G3): the protocol needs none beyond this, and holds at the higher ones too.</summary>
    public string Isolation { get; init; } = "read committed";

    /// <summary>True: planner pins go into each transaction instead of the connection's start-up packet, and nothing is prepared, as behind a pooler.</summary>
    public bool Pooler { get; init; }
}
