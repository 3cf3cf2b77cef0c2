// A worker's log as lines on its output: time, event id, level, text.
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Durable.Chaos.Workers;

/// <summary>Writes warnings, errors, and the few informations that the campaign counts.</summary>
internal sealed class LineLog : ILoggerProvider
{
    private static readonly Lock Gate = new();

    public static void Say(string text)
    {
        lock (Gate) Console.Out.WriteLine(text.ReplaceLineEndings(" | "));
    }

    public ILogger CreateLogger(string categoryName) => new Line();

    public void Dispose()
    {
    }

    private sealed class Line : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 303) return;                       // attempts that fail as planned
            Say(string.Create(CultureInfo.InvariantCulture, $"LOG\t{Moment.Now}\t{eventId.Id}\t{logLevel}\t{formatter(state, exception)} {exception}"));
        }
    }
}
