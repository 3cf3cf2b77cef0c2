// Verbs for generated extension methods: typed arguments instead of an expression.
using System.ComponentModel;

namespace Durable.CompilerServices;

/// <summary>A client that takes typed starts. Not for use in your own code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface ITypedClient
{
    /// <summary>Starts a run with a result.</summary>
    /// <typeparam name="TWorkflow">The workflow class.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="arguments">The arguments of [Run].</param>
    /// <param name="options">Id, policies, delay and more.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    Task<RunHandle<TWorkflow, TResult>> StartAsync<TWorkflow, TResult>(object?[] arguments, StartOptions? options, CancellationToken cancellationToken) where TWorkflow : class;

    /// <summary>Starts a run without a result.</summary>
    /// <typeparam name="TWorkflow">The workflow class.</typeparam>
    /// <param name="arguments">The arguments of [Run].</param>
    /// <param name="options">Id, policies, delay and more.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    Task<RunHandle<TWorkflow>> StartAsync<TWorkflow>(object?[] arguments, StartOptions? options, CancellationToken cancellationToken) where TWorkflow : class;
}

/// <summary>A handle that takes typed signals, queries and updates. Not for use in your own code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface ITypedRun
{
    /// <summary>Signals the run.</summary>
    /// <param name="name">The stored name.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="types">Their declared types.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    Task SignalAsync(string name, object?[] arguments, Type[] types, CancellationToken cancellationToken);

    /// <summary>Asks the run.</summary>
    /// <typeparam name="TValue">The type of the answer.</typeparam>
    /// <param name="name">The stored name.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="types">Their declared types.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    Task<TValue> QueryAsync<TValue>(string name, object?[] arguments, Type[] types, CancellationToken cancellationToken);

    /// <summary>Sends an update and waits for its answer.</summary>
    /// <typeparam name="TAnswer">The type of the answer.</typeparam>
    /// <param name="name">The stored name.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="types">Their declared types.</param>
    /// <param name="options">The update's id.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    Task<TAnswer> UpdateAsync<TAnswer>(string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken);

    /// <summary>Sends an update without an answer and waits for its end.</summary>
    /// <param name="name">The stored name.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="types">Their declared types.</param>
    /// <param name="options">The update's id.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    Task UpdateAsync(string name, object?[] arguments, Type[] types, UpdateOptions? options, CancellationToken cancellationToken);
}
