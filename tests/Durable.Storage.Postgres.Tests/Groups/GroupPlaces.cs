// Where the conformance suite runs on one group: on plain servers always, and on a real Citus where one was named.
namespace Durable.Storage.Postgres.Tests;

/// <summary>Ways to a database of one group, by name. Those on Citus are there only if a coordinator was named.</summary>
internal static class GroupPlaces
{
    /// <summary>What the connection string names, with the texts of one server.</summary>
    public const string Server = "server";

    /// <summary>Another server, with the texts for an engine that spreads its tables.</summary>
    public const string Other = "other server, texts of a spread one";

    private static readonly Dictionary<string, CitusGroup> OnCitus = new()
    {
        ["Citus, data node 1"] = new(0, Direct: true),
        ["Citus, data node 2"] = new(1, Direct: true),
        ["Citus, through the coordinator"] = new(0, Direct: false),
    };

    /// <summary>All of them.</summary>
    public static IEnumerable<string> All => [Server, Other, .. Citus];

    /// <summary>Those where a transaction of a user's can be begun on the database of the connection string.</summary>
    public static IEnumerable<string> WithTransactions => [Server, .. Citus];

    private static IEnumerable<string> Citus => CitusGroup.Coordinator is null ? [] : OnCitus.Keys;

    /// <summary>The same, and on the server a store that has no groups.</summary>
    public static Task<PostgresHarness> CreateOneServerAsync(string place) => place == Server ? PostgresHarness.NewAsync() : CreateAsync(place);

    /// <summary>An empty store there.</summary>
    public static async Task<PostgresHarness> CreateAsync(string place)
    {
        if (OnCitus.TryGetValue(place, out var group)) return await PostgresHarness.OnCitusAsync(group);
        var rows = place == Server ? PostgresServer.ConnectionString : await SecondServer.ConnectionStringAsync();
        return await PostgresHarness.NewAsync(rows: rows, placement: new PlainServers([SecondServer.PlaceOf(rows)], isSpread: place == Other));
    }
}
