// The services of one attempt: a scope that is made when something needs it. Activities that are one instance for all attempts need none (decision 0012).
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Engine.Worker;

/// <summary>A scope of DI that may never begin.</summary>
/// <param name="scopes">Makes it.</param>
/// <param name="instances">Activities registered as one instance.</param>
internal sealed class AttemptServices(IServiceScopeFactory scopes, IReadOnlyDictionary<Type, object> instances) : IServiceProvider, IAsyncDisposable
{
    private readonly Lock gate = new();
    private AsyncServiceScope? scope;
    private bool isOver;

    /// <summary>What services of the scope get as their <see cref="ActivityContext"/>. Set before the first service is asked for.</summary>
    public ActivityContext? Context { get; set; }

    /// <summary>The container's own provider of the scope, with all that it can do. An activity may ask on several threads.</summary>
    public IServiceProvider Whole
    {
        get
        {
            lock (gate)
            {
                if (scope is { } begun) return begun.ServiceProvider;
                ObjectDisposedException.ThrowIf(isOver, this);
                var fresh = scopes.CreateAsyncScope();
                scope = fresh;
                fresh.ServiceProvider.GetRequiredService<AttemptScope>().Context = Context;
                return fresh.ServiceProvider;
            }
        }
    }

    public object? GetService(Type serviceType) => instances.TryGetValue(serviceType, out var instance) ? instance : Whole.GetService(serviceType);

    public ValueTask DisposeAsync()
    {
        lock (gate) isOver = true;
        return scope?.DisposeAsync() ?? default;
    }
}
