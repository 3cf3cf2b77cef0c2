namespace Durable;

/// <summary>Remembers how to undo what a run has done, and undoes it in reverse order. Make it with <see cref="WorkflowContext.StartSaga"/>.</summary>
/// <remarks>
/// When <c>[Run]</c> ends with an exception, cancellation included, every open saga compensates before the
/// run closes. A saga that has compensated, or whose run returned normally, is done.
/// Compensations are ordinary workflow code: each activity in them is recorded and retried like any other, and a cancel that came before does not stop them. After a
/// crash replay builds the list again and goes on where it was. The pattern is Garcia-Molina and Salem's (1987). Derive from it only to fake it in tests.
/// </remarks>
public abstract class Saga
{
    /// <summary>Registers how to undo the work just done. Register after the work succeeded, or before it if undoing what did not happen is harmless.</summary>
    /// <param name="compensation">Runs at most once in the life of the saga, later registered ones first.</param>
    /// <exception cref="InvalidOperationException">The saga has compensated already.</exception>
    public abstract void OnFailure(Func<Task> compensation);

    /// <summary>Runs all compensations, last registered first, each after the one before it ended.</summary>
    /// <remarks>A compensation that throws does not stop the others; called again, this does nothing.</remarks>
    /// <returns>A task that ends when all of them have run.</returns>
    /// <exception cref="AggregateException">At least one compensation threw; it holds one exception for each that did.</exception>
    public abstract Task CompensateAsync();

    /// <summary>Runs all compensations, then gives back <paramref name="result"/>: <c>return await saga.CompensateAsync(Receipt.Expired);</c></summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="result">What to return; it is not stored here.</param>
    /// <returns><paramref name="result"/>, when all compensations have run.</returns>
    /// <exception cref="AggregateException">At least one compensation threw; it holds one exception for each that did.</exception>
    public abstract Task<T> CompensateAsync<T>(T result);
}
