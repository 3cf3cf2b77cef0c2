namespace Durable.Testing;

/// <summary>What <see cref="CrashEverywhere"/> runs again and again: a new object for each case, so fakes and counters are its fields.</summary>
/// <typeparam name="T">What a run of it gives; must be equal whatever crashes.</typeparam>
public abstract class CrashProgram<T>
{
    /// <summary>Registers workflows and activities. Called for each process of the case.</summary>
    /// <param name="durable">The builder.</param>
    public abstract void Configure(DurableBuilder durable);

    /// <summary>Starts runs, signals them, and waits for their end. Calls must be repeatable as a client's are: give ids.</summary>
    /// <param name="host">The host of the case.</param>
    public abstract Task<T> RunAsync(WorkflowTestHost host);

    /// <summary>Checks invariants after a case: what it throws is the case's failure. Does nothing unless overridden.</summary>
    /// <param name="result">What <see cref="RunAsync"/> gave.</param>
    public virtual void Check(T result)
    {
    }
}
