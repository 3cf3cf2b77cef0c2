// Keeps the log entries of a bench's execution.
using Durable.Engine.Replay;
using Microsoft.Extensions.Logging;

namespace Durable.Core.Tests.Replay;

internal sealed class BenchLog : ILogSink
{
    public List<(string Category, LogLevel Level, string Message)> Entries { get; } = [];

    public bool IsEnabled(string category, LogLevel level) => level >= LogLevel.Information;

    public void Add(WorkflowExecution execution, string category, LogLevel level, EventId id, string message, IReadOnlyList<KeyValuePair<string, object?>> values, Exception? error) =>
        Entries.Add((category, level, message));
}
