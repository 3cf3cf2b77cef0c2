// A store on a real file in a folder of its own, with a clock that stands still.
using System.Data.Common;
using Durable.Storage.Contract;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Storage.Sqlite.Tests;

internal sealed class SqliteHarness : StoreHarness
{
    private readonly TempFolder folder = new();
    private readonly List<IDurableStore> others = [];

    private SqliteHarness() => Store = NewStore();

    public ManualClock Clock { get; } = new();

    public string FilePath => folder.File("engine.db");

    public override IDurableStore Store { get; }

    public static Task<StoreHarness> CreateAsync() => Task.FromResult<StoreHarness>(new SqliteHarness());

    public override Task AdvanceAsync(TimeSpan by)
    {
        Clock.Advance(by);
        return Task.CompletedTask;
    }

    public override async Task<IDurableStore?> OpenAgainAsync()
    {
        var other = NewStore();
        others.Add(other);
        await other.InitializeAsync();
        return other;
    }

    public override Task<DbTransaction> BeginAsync()
    {
        var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        connection.Open();
        return Task.FromResult<DbTransaction>(connection.BeginTransaction());
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var other in others)
            await other.DisposeAsync();
        await Store.DisposeAsync();
        folder.Dispose();
    }

    private SqliteStore NewStore() => new(FilePath, new() { FullSync = false }, Clock, NullLogger.Instance);
}
