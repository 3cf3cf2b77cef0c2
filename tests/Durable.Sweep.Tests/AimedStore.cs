// A store of which one call fails: not done, or done and not told, or the last thing that its process does.
using System.Reflection;
using Durable.Storage;

namespace Durable.Sweep.Tests;

/// <summary>How a call fails.</summary>
internal enum Miss
{
    /// <summary>It does not happen, and nobody is told anything certain.</summary>
    Before,

    /// <summary>It happens, and nobody is told.</summary>
    After,

    /// <summary>The process dies before it happens.</summary>
    DeathBefore,

    /// <summary>The process dies when it has happened.</summary>
    DeathAfter,
}

/// <summary>Stands between an engine and its store and counts the calls.</summary>
public class AimedStore : DispatchProxy
{
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDurableStore inner = null!;
    private int aim;
    private Miss miss;
    private int calls;
    private volatile bool dead;

    /// <summary>Ends when the process is dead.</summary>
    internal Task Died => died.Task;

    /// <summary>Calls so far.</summary>
    internal int Calls => Volatile.Read(ref calls);

    internal static (IDurableStore Store, AimedStore Aim) Make(IDurableStore inner, int aim, Miss miss)
    {
        var store = Create<IDurableStore, AimedStore>();
        var made = (AimedStore)(object)store;
        (made.inner, made.aim, made.miss) = (inner, aim, miss);
        return (store, made);
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? method, object?[]? arguments)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (method.Name == nameof(IAsyncDisposable.DisposeAsync) || !typeof(Task).IsAssignableFrom(method.ReturnType) || method.Name == nameof(IDurableStore.InitializeAsync)) return method.Invoke(inner, arguments);
        var result = method.ReturnType == typeof(Task) ? typeof(bool) : method.ReturnType.GetGenericArguments()[0];
        return GetType().BaseType!.GetMethod(nameof(CallAsync), BindingFlags.NonPublic | BindingFlags.Instance)!.MakeGenericMethod(result).Invoke(this, [method, arguments]);
    }

    private async Task<T> CallAsync<T>(MethodInfo method, object?[]? arguments)
    {
        if (dead) return await new TaskCompletionSource<T>().Task;
        var isAimedAt = Interlocked.Increment(ref calls) == aim;
        if (isAimedAt && miss == Miss.DeathBefore) return await DieAsync<T>();
        if (isAimedAt && miss == Miss.Before) return Unclear<T>();
        var done = await DoAsync<T>(method, arguments);
        if (isAimedAt && miss == Miss.DeathAfter) return await DieAsync<T>();
        if (isAimedAt) return Unclear<T>();
        return dead ? await new TaskCompletionSource<T>().Task : done;
    }

    private async Task<T> DoAsync<T>(MethodInfo method, object?[]? arguments)
    {
        var call = (Task)method.Invoke(inner, arguments)!;
        if (call is Task<T> typed) return await typed;
        await call;
        return default!;
    }

    private Task<T> DieAsync<T>()
    {
        dead = true;
        died.TrySetResult();
        return new TaskCompletionSource<T>().Task;
    }

    private static T Unclear<T>() => typeof(T) == typeof(CommitResult)
        ? (T)(object)new CommitResult(CommitOutcome.Unknown) { Error = "Nobody knows (aimed)." }
        : throw new DurableException(DurableErrorCodes.CommitInDoubt, "Nobody knows (aimed).");
}
