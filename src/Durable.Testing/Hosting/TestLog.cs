// Lines of the log for a test's output. Without a taker nothing is formatted.
using Microsoft.Extensions.Logging;

namespace Durable.Testing;

/// <summary>Makes loggers that write lines.</summary>
internal sealed class TestLog(Action<string>? write) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Lines(categoryName, write);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The log of a test host goes to WorkflowTestOptions.Log.");

    public void Dispose()
    {
    }

    private sealed class Lines(string category, Action<string>? write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => write is not null && logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) write!($"{logLevel} {category}: {formatter(state, exception)}{(exception is null ? "" : $"\n{exception}")}");
        }
    }
}
