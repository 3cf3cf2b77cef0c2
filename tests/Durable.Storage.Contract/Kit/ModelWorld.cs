// Ids that both stores are told, so that their answers can be compared as texts.
namespace Durable.Storage.Contract;

/// <summary>Runs and names of one sequence of calls.</summary>
public sealed class ModelWorld
{
    /// <summary>Five workflow ids with three runs each, in two namespaces and two types.</summary>
    public IReadOnlyList<TestRun> Runs { get; } = [.. Enumerable.Range(0, 15).Select(i => Make.Run($"w{i % 5}", i % 5 == 4 ? "acme" : "default", i % 5 == 3 ? "Invoice" : "Order"))];

    public Guid[] Holders { get; } = [.. Enumerable.Range(0, 2).Select(_ => Guid.NewGuid())];

    public string Name(Guid runId)
    {
        for (var i = 0; i < Runs.Count; i++)
        {
            if (Runs[i].Id == runId)
                return $"r{i}";
        }
        return "r?";
    }

    public string Names(IEnumerable<Guid> runIds) => string.Join(' ', runIds.Select(Name).Order(StringComparer.Ordinal));
}
