// UsePostgres: the line of configuration that chooses this provider.
using Durable.Storage;
using Durable.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Durable;

/// <summary>Chooses PostgreSQL as the store.</summary>
public static class DurablePostgresBuilderExtensions
{
    /// <summary>Keeps runs and histories in a PostgreSQL database, which any number of hosts may share. Its schema is created and migrated when the host starts.</summary>
    /// <param name="builder">The builder of <c>AddDurable</c>.</param>
    /// <param name="connectionString">Where the database is, and who connects. Pooling and planner settings are the store's own: it uses about six connections per worker.</param>
    /// <param name="configure">Options, or null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="DurableException">When the host starts: DUR1002, DUR1005, DUR1008, DUR1013 to DUR1018 or DUR5001, each with what to do. A server that is only away is waited for.</exception>
    public static DurableBuilder UsePostgres(this DurableBuilder builder, string connectionString, Action<PostgresOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return builder.UseStore(services => Create(services, connectionString, source: null, configure));
    }

    /// <summary>The same, on the database that a data source of the application leads to. Only its host and credentials are taken: the engine's connections never come
    /// from the application's pool, and change nothing about it.</summary>
    /// <param name="builder">The builder of <c>AddDurable</c>.</param>
    /// <param name="source">Gives the data source when the host starts.</param>
    /// <param name="configure">Options, or null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="DurableException">When the host starts: DUR1002, DUR1005, DUR1008, DUR1013 to DUR1018 or DUR5001, each with what to do. A server that is only away is waited for.</exception>
    public static DurableBuilder UsePostgres(this DurableBuilder builder, Func<IServiceProvider, NpgsqlDataSource> source, Action<PostgresOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        return builder.UseStore(services => Create(services, connectionString: null, source(services), configure));
    }

    private static IDurableStore Create(IServiceProvider services, string? connectionString, NpgsqlDataSource? source, Action<PostgresOptions>? configure)
    {
        var options = new PostgresOptions();
        configure?.Invoke(options);
        var log = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Durable.Storage.Postgres");
        return new PostgresStore(options, connectionString, source, log);
    }
}
