// UseCitus: the line of configuration that says that one schema is spread over many servers.
using Durable.Storage.Postgres;

namespace Durable;

/// <summary>Chooses Citus as the engine underneath the PostgreSQL store.</summary>
public static class DurableCitusExtensions
{
    /// <summary>The store's tables are spread over the data nodes of a Citus cluster, whose coordinator the connection string names. Where which runs are is read from Citus' own
    /// catalogue. The tables must have been distributed with <see cref="PostgresMigrations.DistributeScript"/>; see docs/scaling.md.</summary>
    /// <param name="options">The options of <c>UsePostgres</c>.</param>
    /// <param name="configure">Options of Citus, or null for the defaults.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="DurableException">When the host starts: DUR1017 if the database is not spread as the store needs it, DUR1018 if the cluster fails a trial of what the store
    /// relies on, each with what to do.</exception>
    public static PostgresOptions UseCitus(this PostgresOptions options, Action<CitusOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var citus = new CitusOptions();
        configure?.Invoke(citus);
        options.Placement = new CitusPlacement(citus);
        return options;
    }
}
