// What clients asked for, and what was acknowledged to them: on the disk before it counts.
using System.Collections.Concurrent;
using System.Globalization;

namespace Durable.Chaos.Ledgers;

/// <summary>The client's log, and the same in memory for the checker.</summary>
internal sealed class RequestLog(string path) : IDisposable
{
    private readonly LineFile file = new(path);

    /// <summary>Acknowledged starts: workflow id to run id.</summary>
    public ConcurrentDictionary<string, Guid> Starts { get; } = new();

    /// <summary>How often each message was sent, and whether one of them was acknowledged.</summary>
    public ConcurrentDictionary<(string Workflow, string Sender, int Number), (int Tries, bool Acked)> Messages { get; } = new();

    public void Started(string workflow, Guid run, int tries)
    {
        file.Write("start", workflow, run.ToString("N"), tries.ToString(CultureInfo.InvariantCulture), Moment.Now.ToString(CultureInfo.InvariantCulture));
        Starts[workflow] = run;
    }

    public void Sent(string workflow, string sender, int number, int tries, bool acked)
    {
        file.Write(acked ? "acked" : "sent", workflow, sender, number.ToString(CultureInfo.InvariantCulture), tries.ToString(CultureInfo.InvariantCulture), Moment.Now.ToString(CultureInfo.InvariantCulture));
        Messages[(workflow, sender, number)] = (tries, acked);
    }

    public void Dispose() => file.Dispose();
}
