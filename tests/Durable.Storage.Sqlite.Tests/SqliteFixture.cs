// Base of the provider's own tests: stores on files of a folder that goes with the test.
using Durable.Storage.Contract;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Storage.Sqlite.Tests;

public abstract class SqliteFixture
{
    private readonly List<IAsyncDisposable> opened = [];
    private TempFolder folder = null!;

    protected ManualClock Clock { get; private set; } = null!;

    protected string FilePath => folder.File("engine.db");

    protected string PathOf(string name) => folder.File(name);

    [SetUp]
    public void MakeFolder() => (folder, Clock) = (new(), new());

    [TearDown]
    public async Task RemoveFolder()
    {
        await CloseAllAsync();
        folder.Dispose();
    }

    /// <summary>Closes every store and connection of the test so far.</summary>
    protected async Task CloseAllAsync()
    {
        foreach (var each in opened.AsEnumerable().Reverse())
            await each.DisposeAsync();
        opened.Clear();
    }

    /// <summary>A store that is not initialized; disposed with the test.</summary>
    private protected SqliteStore NewStore(string? path = null, Action<SqliteOptions>? configure = null)
    {
        var options = new SqliteOptions { BusyLimit = TimeSpan.FromMilliseconds(50) };
        configure?.Invoke(options);
        var store = new SqliteStore(path ?? FilePath, options, Clock, NullLogger.Instance);
        opened.Add(store);
        return store;
    }

    private protected async Task<SqliteStore> OpenAsync(string? path = null, Action<SqliteOptions>? configure = null)
    {
        var store = NewStore(path, configure);
        await store.InitializeAsync();
        return store;
    }

    /// <summary>A connection as a user or a tool has one.</summary>
    protected SqliteConnection Connect(string? path = null)
    {
        var connection = new SqliteConnection($"Data Source={path ?? FilePath};Pooling=False");
        connection.Open();
        opened.Add(connection);
        return connection;
    }

    protected static long Count(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"select count(*) from {table}";
        return (long)command.ExecuteScalar()!;
    }

    protected static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    protected static async Task AssertCodeAsync(Func<Task> act, string code, params string[] words)
    {
        var thrown = await Assert.ThrowsAsync<DurableException>(act);
        Assert.That(thrown!.Code, Is.EqualTo(code), thrown.Message);
        foreach (var word in words)
            Assert.That(thrown.Message, Does.Contain(word));
    }
}
