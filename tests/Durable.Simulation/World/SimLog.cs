// The log of the simulated hosts: some of the engine's own errors are violations.
using Microsoft.Extensions.Logging;

namespace Durable.Simulation;

/// <summary>Reads the engine's log by event id.</summary>
internal sealed class SimLog(World world, Func<string, bool> mayStall) : ILoggerFactory, ILogger
{
    private const int CountsWrong = 203;
    private const int WorkFailed = 204;
    private const int RunHeld = 301;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel < LogLevel.Warning) return;
        if (world.IsTracing) world.Note($"  log {eventId.Id}: {formatter(state, exception)} {exception?.Message}");
        if (eventId.Id is CountsWrong or WorkFailed) world.Violate($"the engine says: {formatter(state, exception)} {exception}");
        if (eventId.Id != RunHeld || state is not IReadOnlyList<KeyValuePair<string, object?>> values) return;
        string Value(string name) => values.FirstOrDefault(value => value.Key == name).Value?.ToString() ?? "";
        world.Tally($"runs held as {Value("Status")}", 1);
        if (Value("Status") == "Stalled" ? !mayStall(Value("WorkflowId")) : Value("Code") == DurableErrorCodes.HistoryBroken) world.Violate($"I11: {formatter(state, exception)}");
    }
}
