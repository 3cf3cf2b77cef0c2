namespace Durable;

/// <summary>What one attempt of an activity or step knows and can ask for.</summary>
/// <remarks>
/// It is a scoped service of the attempt: take it in the constructor of the activity class, or as
/// the parameter of a step. It does not outlive the attempt. Activities are not
/// replayed: after a crash they may run again, with the same <see cref="IdempotencyKey"/>. Derive from this class only to fake it in tests.
/// </remarks>
public abstract class ActivityContext
{
    /// <summary>Text that is equal in all attempts of this activity and different for every other one: give it
    /// to the service you call, so that a repeated attempt has no second effect.</summary>
    public abstract string IdempotencyKey { get; }

    /// <summary>Which try this is, from 1, as <see cref="RetryPolicy.MaxAttempts"/> counts.</summary>
    public abstract int Attempt { get; }

    /// <summary>The run that asked for the activity.</summary>
    public abstract WorkflowInfo Workflow { get; }

    /// <summary>Cancelled when the result is no longer wanted or can no longer be used: cancel of the run, time-out, lost lease, or shutdown of the host.</summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>A service from the scope of this attempt.</summary>
    /// <typeparam name="T">The service.</typeparam>
    /// <returns>The service.</returns>
    /// <exception cref="InvalidOperationException">The service is not registered.</exception>
    public abstract T Service<T>() where T : notnull;

    /// <summary>Says that the attempt is alive and stores how far it is. Returns at once; the store is written to now and then.</summary>
    /// <remarks>The next attempt, also on another host, reads the last stored details with
    /// <see cref="TryGetHeartbeat{T}"/>. The newest ones may be lost in a crash.</remarks>
    /// <typeparam name="T">The type of the details, stored as JSON.</typeparam>
    /// <param name="details">How far the attempt is.</param>
    /// <exception cref="DurableException">DUR2007: the details are larger than <see cref="DurableOptions.MaxPayloadBytes"/>.</exception>
    public abstract void Heartbeat<T>(T details);

    /// <summary>Reads the details that this attempt or the latest one before it stored.</summary>
    /// <typeparam name="T">The type of the details.</typeparam>
    /// <param name="details">The details, or the default of the type if there are none.</param>
    /// <returns>True if there are details.</returns>
    /// <exception cref="DurableException">DUR2005: the stored details do not fit the type.</exception>
    public abstract bool TryGetHeartbeat<T>(out T? details);
}
