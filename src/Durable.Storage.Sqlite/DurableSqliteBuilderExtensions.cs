// UseSqlite: the line of configuration that chooses this provider.
using Durable.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable;

/// <summary>Chooses SQLite as the store.</summary>
public static class DurableSqliteBuilderExtensions
{
    /// <summary>Keeps runs and histories in one SQLite file, which is created and migrated when the host starts.</summary>
    /// <param name="builder">The builder of <c>AddDurable</c>.</param>
    /// <param name="file">The file. A relative path is taken from the host's content root, and logged.</param>
    /// <param name="configure">Options, or null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="DurableException">When the host starts: DUR1003 to DUR1008 and DUR1011, each with what to do.</exception>
    public static DurableBuilder UseSqlite(this DurableBuilder builder, string file, Action<SqliteOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        var options = new SqliteOptions();
        configure?.Invoke(options);
        return builder.UseStore(services =>
        {
            var logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Durable.Storage.Sqlite");
            var root = services.GetService<IHostEnvironment>()?.ContentRootPath ?? Directory.GetCurrentDirectory();
            var path = Path.GetFullPath(file, root);
            if (!Path.IsPathFullyQualified(file)) Log.RelativePath(logger, file, path);
            return new SqliteStore(path, options, services.GetService<TimeProvider>() ?? TimeProvider.System, logger);
        });
    }
}
