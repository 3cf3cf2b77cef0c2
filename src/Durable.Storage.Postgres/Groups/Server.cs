// A server that holds groups: connections that its groups share.
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Postgres;

/// <summary>What the groups of one server have in common.</summary>
internal sealed class Server(EngineConnections connections, HomeCheck home, ILogger log) : IAsyncDisposable
{
    /// <summary>Connections to it.</summary>
    public EngineConnections Connections { get; } = connections;

    /// <summary>Which transactions of users are on its database.</summary>
    public HomeCheck Home { get; } = home;

    /// <summary>Signals of hosts that listen there.</summary>
    public PostgresWakeUps WakeUps { get; } = new(connections, log);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await WakeUps.DisposeAsync().ConfigureAwait(false);
        await Connections.DisposeAsync().ConfigureAwait(false);
    }
}
