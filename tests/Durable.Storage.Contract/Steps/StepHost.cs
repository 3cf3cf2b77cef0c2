// A host with a store that can be cut off, as if its process had died, at the commit of a step.
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Durable.Storage.Contract.Steps;

/// <summary>One host process, as far as the engine can tell.</summary>
public sealed class StepHost : IAsyncDisposable
{
    private readonly ServiceProvider provider;
    private readonly List<IHostedService> hosted;

    private StepHost(ServiceProvider provider, CuttableStore store)
    {
        this.provider = provider;
        Store = store;
        hosted = [.. provider.GetServices<IHostedService>()];
    }

    /// <summary>Its store.</summary>
    public CuttableStore Store { get; }

    /// <summary>Its client.</summary>
    public DurableClient Client => provider.GetRequiredService<DurableClient>();

    /// <summary>Starts one. Hosts of one name are one identity.</summary>
    public static async Task<StepHost> StartAsync(IDurableStore inner, string name, Action<DurableBuilder>? configure = null)
    {
        var store = CuttableStore.On(inner);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDurable(durable =>
        {
            durable.UseStore(_ => (IDurableStore)(object)store).AddWorkflow<StepFlow>().Configure(options =>
            {
                options.Identity = name;
                options.PollInterval = TimeSpan.FromMilliseconds(50);
                options.Lease = TimeSpan.FromSeconds(2);
            });
            configure?.Invoke(durable);
        });
        var host = new StepHost(services.BuildServiceProvider(), store);
        foreach (var service in host.hosted.OfType<IHostedLifecycleService>()) await service.StartingAsync(default);
        foreach (var service in host.hosted) await service.StartAsync(default);
        return host;
    }

    /// <summary>Ends as on SIGTERM.</summary>
    public async Task StopAsync()
    {
        foreach (var service in hosted.OfType<IHostedLifecycleService>()) await service.StoppingAsync(default);
        foreach (var service in hosted) await service.StopAsync(default);
        await DisposeAsync();
    }

    /// <summary>Ends as on SIGKILL if it was not stopped before.</summary>
    public async ValueTask DisposeAsync()
    {
        Store.Cut();
        await provider.DisposeAsync();
    }
}

/// <summary>A store with transactions, as one interface.</summary>
public interface IStepStore : IDurableStore, ITransactionalStore;

/// <summary>Passes everything on until it is cut: then no call comes back, and transactions that are open are rolled back by the database.</summary>
public class CuttableStore : DispatchProxy
{
    private static readonly Task<object?> Never = new TaskCompletionSource<object?>().Task;
    private IDurableStore inner = null!;
    private readonly TaskCompletionSource rolledBack = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool cut;
    private TaskCompletionSource? thawed;

    /// <summary>What happens instead of the commit of a step.</summary>
    public Func<IUserTransaction, Task>? OnCommit { get; set; }

    /// <summary>A store that passes everything on to another one.</summary>
    public static CuttableStore On(IDurableStore inner)
    {
        var proxy = (CuttableStore)(object)Create<IStepStore, CuttableStore>();
        proxy.inner = inner;
        return proxy;
    }

    /// <summary>Nothing comes back from here on.</summary>
    public void Cut() => cut = true;

    /// <summary>Calls wait from here on, as in a process that was stopped.</summary>
    public void Freeze() => thawed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Calls go on.</summary>
    public void Thaw() => thawed?.SetResult();

    /// <summary>Ends with the first transaction that was given up without a commit.</summary>
    public Task RolledBack => rolledBack.Task;

    /// <summary>A call that never comes back, in a process that is dead.</summary>
    public static async Task<T> NeverAsync<T>() => (T)(await Never)!;

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var method = targetMethod!;
        if (method.Name == nameof(IAsyncDisposable.DisposeAsync)) return ValueTask.CompletedTask;      // the test's own
        if (cut && typeof(Task).IsAssignableFrom(method.ReturnType))
            return method.ReturnType.IsGenericType
                ? typeof(CuttableStore).GetMethod(nameof(NeverAsync), BindingFlags.Static | BindingFlags.Public)!.MakeGenericMethod(method.ReturnType.GetGenericArguments()[0]).Invoke(null, null)
                : Never;
        if (thawed is { Task.IsCompleted: false } && method.ReturnType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Task<>))
            return typeof(CuttableStore).GetMethod(nameof(LaterAsync), BindingFlags.Instance | BindingFlags.NonPublic)!.MakeGenericMethod(type.GetGenericArguments()[0]).Invoke(this, [method, args]);
        if (method.Name == nameof(ITransactionalStore.BeginUserTransactionAsync)) return BeginAsync((TimeSpan)args![0]!, (CancellationToken)args[1]!);
        return method.Invoke(inner, BindingFlags.DoNotWrapExceptions, null, args, null);
    }

    private async Task<T> LaterAsync<T>(MethodInfo method, object?[]? args)
    {
        await thawed!.Task;
        return await (Task<T>)Invoke(method, args)!;
    }

    private async Task<IUserTransaction> BeginAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        new Watched(this, await ((ITransactionalStore)inner).BeginUserTransactionAsync(limit, cancellationToken));

    private sealed class Watched(CuttableStore owner, IUserTransaction inner) : IUserTransaction
    {
        public System.Data.Common.DbTransaction Transaction => inner.Transaction;

        public UserTransactionState State => inner.State;

        private bool committing;

        public Task CommitAsync()
        {
            committing = true;
            return owner.OnCommit?.Invoke(inner) ?? inner.CommitAsync();
        }

        public Task AbandonAsync(Task code) => inner.AbandonAsync(code);

        public async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            if (!committing) owner.rolledBack.TrySetResult();
        }
    }
}
