// The injected logger: silent in replay; live entries are kept and written after the turn's commit, so a discarded turn logs nothing.
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Replay;

/// <summary>Takes log entries of live turns.</summary>
internal interface ILogSink
{
    /// <summary>True if entries of that level are wanted.</summary>
    bool IsEnabled(string category, LogLevel level);

    /// <summary>Keeps an entry until the turn is durable.</summary>
    void Add(WorkflowExecution execution, string category, LogLevel level, EventId id, string message, IReadOnlyList<KeyValuePair<string, object?>> values, Exception? error);

    /// <summary>Told once, on any thread, when code was seen on a thread that is not its turn's: a run that waits for such work would wait for ever.</summary>
    void Foreign(WorkflowExecution execution)
    {
    }
}

/// <summary>Throws entries away: queries by replay, verification.</summary>
internal sealed class NullLogSink : ILogSink
{
    public static NullLogSink Instance { get; } = new();

    public bool IsEnabled(string category, LogLevel level) => false;

    public void Add(WorkflowExecution execution, string category, LogLevel level, EventId id, string message, IReadOnlyList<KeyValuePair<string, object?>> values, Exception? error) => _ = message;
}

/// <summary>Short forms.</summary>
internal static class LogSinkExtensions
{
    /// <summary>Keeps an entry of the engine's own about a run.</summary>
    public static void Add(this ILogSink sink, WorkflowExecution execution, LogLevel level, string message, Exception? error)
    {
        if (!execution.IsReplaying) sink.Add(execution, "Durable.Workflow", level, default, message, [], error);
    }
}

/// <summary>The logger of one category inside one run.</summary>
internal sealed class ReplayLogger(WorkflowExecution execution, string category) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => !execution.IsReplaying && WorkflowExecution.OnTurn == execution && execution.Log.IsEnabled(category, logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        var values = state as IReadOnlyList<KeyValuePair<string, object?>>;
        execution.Log.Add(execution, category, logLevel, eventId, formatter(state, exception), values is null ? [] : [.. values], exception);
    }
}

/// <summary>The typed form.</summary>
internal sealed class ReplayLogger<T>(ILogger inner) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => inner.Log(logLevel, eventId, state, exception, formatter);
}
