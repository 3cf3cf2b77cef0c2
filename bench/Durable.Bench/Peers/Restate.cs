// Restate: a server with a log of its own, started for each round; PostgreSQL has no part in it.
namespace Durable.Bench;

/// <summary>Restate.</summary>
internal sealed class Restate : NodePeer
{
    private const int InFlight = 64;           // more does not help

    public override string Name => "restate";

    public override async Task<Round> RoundAsync(Place place, int total, bool isLatency)
    {
        var folder = Directory.CreateTempSubdirectory("durable-restate-");
        try
        {
            return await RunAsync("restate.mjs", folder.FullName, total, isLatency ? 1 : InFlight);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
