// What the checker found, in the four words of the closing line.
using System.Collections.Concurrent;

namespace Durable.Chaos.Checking;

/// <summary>Violations by kind, each with a sentence.</summary>
internal sealed class Findings
{
    private readonly ConcurrentQueue<(string Kind, string Text)> all = new();

    public int Lost => Count("lost");

    public int Stuck => Count("stuck");

    public int Divergent => Count("divergent");

    public int Doubled => Count("doubled");

    public bool Any => !all.IsEmpty;

    public IEnumerable<string> Lines => all.Select(finding => $"{finding.Kind.ToUpperInvariant()} {finding.Text}");

    public void AddLost(string text) => all.Enqueue(("lost", text));

    public void AddStuck(string text) => all.Enqueue(("stuck", text));

    public void AddDivergent(string text) => all.Enqueue(("divergent", text));

    public void AddDoubled(string text) => all.Enqueue(("doubled", text));

    private int Count(string kind) => all.Count(finding => finding.Kind == kind);
}
