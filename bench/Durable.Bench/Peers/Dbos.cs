// DBOS for TypeScript on the same server.
using Npgsql;

namespace Durable.Bench;

/// <summary>DBOS.</summary>
internal sealed class Dbos : NodePeer
{
    private const int InFlight = 32;           // the best of 32, 64, 128 and of 2,000 started at once

    public override string Name => "dbos";

    public override Task<Round> RoundAsync(Place place, int total, bool isLatency)
    {
        var given = new NpgsqlConnectionStringBuilder(place.Address);
        return RunAsync("dbos.mjs", FormattableString.Invariant($"postgresql://{given.Username}:{given.Password}@{given.Host}:{given.Port}/{given.Database}"), total, isLatency ? 1 : InFlight);
    }
}
