// The options of UseCitus.
namespace Durable;

/// <summary>Options of a store whose tables are spread by Citus. See <see cref="DurableCitusExtensions.UseCitus"/>.</summary>
public sealed class CitusOptions
{
    /// <summary>Whether workers connect to the data nodes themselves, each lane to the one that holds its runs. Default true. False where only the coordinator can be reached:
    /// it works, and each statement of a commit then takes a round trip more.</summary>
    public bool ConnectToNodes { get; set; } = true;

    /// <summary>Turns the name and port under which Citus knows a data node into those under which this process reaches it, where the two differ (another network, a pooler in
    /// front of each node). Default null: they are the same. Called again with each look at the placement.</summary>
    public Func<string, int, (string Host, int Port)>? NodeAddress { get; set; }
}
