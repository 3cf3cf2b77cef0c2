// The workflow of these tests, and the code of its steps: what a test says under the run's id.
using System.Collections.Concurrent;
using System.Data.Common;

namespace Durable.Storage.Contract.Steps;

/// <summary>One transactional step, and what an enlisted client may do to a run.</summary>
public sealed class StepFlow(WorkflowContext workflow)
{
    private string? signalled;

    /// <summary>Code of the step by workflow id.</summary>
    public static ConcurrentDictionary<string, Func<DbTransaction, Task<int>>> Code { get; } = new();

    /// <summary>How often the code of a run was called.</summary>
    public static ConcurrentDictionary<string, int> Calls { get; } = new();

    /// <summary>Tokens of promises by workflow id.</summary>
    public static ConcurrentDictionary<string, string> Tokens { get; } = new();

    [Run]
    public async Task<int> RunAsync(string what, int maxAttempts, int timeoutMs)
    {
        var options = new StepOptions { Retry = RetryPolicy.Default with { InitialDelay = TimeSpan.FromMilliseconds(1), MaxAttempts = maxAttempts } };
        if (timeoutMs > 0) options = options with { Timeout = TimeSpan.FromMilliseconds(timeoutMs) };
        switch (what)
        {
            case "signal":
                await workflow.WaitUntilAsync(() => signalled is not null);
                return signalled!.Length;
            case "promise":
                var promise = workflow.CreatePromise<int>();
                Tokens[workflow.Info.WorkflowId] = promise.Token;
                return await promise.Task;
            case "session":
                return await workflow.TransactAsync("session", (StepSession session) => session.WriteAsync(), options);
            case "nothing":
                await workflow.TransactAsync("nothing", (DbTransaction transaction) => (Task)CallAsync(workflow.Info.WorkflowId, transaction), options);
                return -1;
            default:
                var first = await workflow.TransactAsync(what, (DbTransaction transaction) => CallAsync(workflow.Info.WorkflowId, transaction), options);
                return first;
        }
    }

    [Signal]
    public void Say(string word) => signalled = word;

    private static Task<int> CallAsync(string id, DbTransaction transaction)
    {
        Calls.AddOrUpdate(id, 1, static (_, count) => count + 1);
        return Code[id](transaction);
    }
}

/// <summary>A session type of an application's.</summary>
public sealed class StepSession(DbTransaction transaction, string table) : IAsyncDisposable
{
    /// <summary>Whether the last one was disposed.</summary>
    internal static bool Disposed { get; set; }

    internal async Task<int> WriteAsync()
    {
        Disposed = false;
        await StepSql.RunAsync(transaction, $"insert into {table} (id) values (7)");
        return 7;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}

/// <summary>Statements in a transaction.</summary>
public static class StepSql
{
    public static async Task<object?> RunAsync(DbTransaction transaction, string sql)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    public static async Task<object?> RunAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }
}
