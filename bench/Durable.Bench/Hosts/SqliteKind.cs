// SQLite files in a temporary folder.
using System.Globalization;
using Durable.Storage;
using Durable.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Bench;

/// <summary>The SQLite store, synchronous=FULL.</summary>
internal sealed class SqliteKind : StoreKind
{
    private readonly string folder = Directory.CreateTempSubdirectory("durable-bench-").FullName;
    private int made;

    public override string Name => "sqlite";

    public override string Description => $"SQLite {new SqliteConnection().ServerVersion}, WAL, synchronous=FULL";

    public override Task<Place> NewAsync() => Task.FromResult<Place>(new SqlitePlace(Path.Combine(folder, $"{++made}.db")));

    public override Task<ServerUse> UseAsync()
    {
        const string counters = "/proc/self/io";
        var written = File.Exists(counters) ? File.ReadLines(counters).First(line => line.StartsWith("wchar:", StringComparison.Ordinal)).Split(' ')[1] : "0";
        return Task.FromResult(new ServerUse(TimeSpan.Zero, long.Parse(written, CultureInfo.InvariantCulture)));
    }

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>One file.</summary>
internal sealed class SqlitePlace(string path) : Place
{
    public override string Address => path;

    public override void Configure(DurableBuilder builder) => builder.UseSqlite(path);

    public override IDurableStore NewStore() => new SqliteStore(path, new SqliteOptions(), TimeProvider.System, NullLogger.Instance);

    public override Task<long> SizeAsync() => Task.FromResult(Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "*").Sum(file => new FileInfo(file).Length));

    public override async Task<IRawWriter> NewRawAsync(Template template)
    {
        var lane = await RawLane.OpenAsync(NewStore());
        return new RawSqlite(path, lane, template);
    }

    public override ValueTask DisposeAsync()
    {
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "*")) File.Delete(file);
        return ValueTask.CompletedTask;
    }
}
