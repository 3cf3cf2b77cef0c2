// A store that dies: after its k-th committed batch nothing comes back from it any more, as after a kill right behind the commit.
using System.Reflection;
using Durable.Storage;

namespace Durable.EndToEnd.Tests;

/// <summary>Stands between an engine and its store. Calls after the death never end and have no effect.</summary>
public class MortalStore : DispatchProxy
{
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDurableStore inner = null!;
    private int left;

    /// <summary>Ends when the last batch is durable and its host does not know it yet.</summary>
    internal Task Died => died.Task;

    internal static (IDurableStore Store, MortalStore Life) Make(IDurableStore inner, int batches)
    {
        var store = Create<IDurableStore, MortalStore>();
        var life = (MortalStore)(object)store;
        (life.inner, life.left) = (inner, batches);
        return (store, life);
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? method, object?[]? arguments)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (method.Name == nameof(IAsyncDisposable.DisposeAsync) || !typeof(Task).IsAssignableFrom(method.ReturnType)) return method.Invoke(inner, arguments);
        if (died.Task.IsCompleted) return Never(method.ReturnType);
        return method.Name == nameof(IWorkflowStore.CommitAsync) ? CommitAsync((LaneBatch)arguments![0]!) : method.Invoke(inner, arguments);
    }

    private static object Never(Type task) => task == typeof(Task)
        ? new TaskCompletionSource().Task
        : typeof(MortalStore).GetMethod(nameof(NeverOf), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(task.GetGenericArguments()).Invoke(null, null)!;

    private static Task<T> NeverOf<T>() => new TaskCompletionSource<T>().Task;

    private async Task<CommitResult> CommitAsync(LaneBatch batch)
    {
        var result = await inner.CommitAsync(batch);
        if (result.Outcome != CommitOutcome.Committed || Interlocked.Decrement(ref left) != 0) return result;
        died.TrySetResult();
        return await NeverOf<CommitResult>();
    }
}
