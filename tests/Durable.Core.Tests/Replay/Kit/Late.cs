// What happens to a run from outside, after its turns: on a thread that knows nothing of it.
using System.Collections.Concurrent;

namespace Durable.Core.Tests.Replay;

internal static class Late
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<Action>> Actions = new(StringComparer.Ordinal);

    public static void Add(Script script, Action action) => Actions.GetOrAdd(script.Workflow.Info.WorkflowId, _ => new()).Enqueue(action);

    /// <summary>Called by the bench when the live run has nothing more to do.</summary>
    public static void Run(string workflowId)
    {
        if (!Actions.TryRemove(workflowId, out var actions)) return;
        foreach (var action in actions) action();
    }
}
