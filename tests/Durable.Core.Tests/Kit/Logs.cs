// Keeps what is logged, so that tests can ask for it.
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Durable.Core.Tests.Kit;

/// <summary>One entry.</summary>
internal sealed record Logged(string Category, LogLevel Level, int Id, string Text, Exception? Error, IReadOnlyDictionary<string, object?> Scope);

/// <summary>All entries of a world's hosts.</summary>
internal sealed class Logs : ILoggerProvider, ISupportExternalScope
{
    private IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

    public ConcurrentQueue<Logged> Entries { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose()
    {
    }

    private sealed class Writer(Logs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logs.scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var scope = new Dictionary<string, object?>();
            logs.scopes.ForEachScope((value, into) =>
            {
                if (value is not IEnumerable<KeyValuePair<string, object?>> pairs) return;
                foreach (var (name, item) in pairs) into[name] = item;
            }, scope);
            logs.Entries.Enqueue(new Logged(category, logLevel, eventId.Id, formatter(state, exception), exception, scope));
        }
    }
}
