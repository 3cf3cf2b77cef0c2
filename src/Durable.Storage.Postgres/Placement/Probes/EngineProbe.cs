// One trial of something that the store's statements rely on.
namespace Durable.Storage.Postgres;

/// <summary>A trial.</summary>
internal abstract class EngineProbe
{
    /// <summary>What is tried, as messages name it.</summary>
    public abstract string Name { get; }

    /// <summary>Tries it.</summary>
    /// <param name="room">Where.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    /// <returns>Null if the engine does it, else what it did and what to do, as a sentence.</returns>
    public abstract Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken);
}
