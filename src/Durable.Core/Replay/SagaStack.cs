// A saga: compensations that run in reverse when the workflow fails.
namespace Durable.Engine.Replay;

/// <summary>One saga of a run. Each compensation is an ordinary durable call, so it is retried and recorded like any other.</summary>
internal sealed class SagaStack(WorkflowExecution execution) : Saga
{
    private readonly Stack<Func<Task>> compensations = new();
    private bool compensated;

    public override void OnFailure(Func<Task> compensation)
    {
        ArgumentNullException.ThrowIfNull(compensation);
        if (compensated) throw new InvalidOperationException("The saga has compensated already. Start another one with StartSaga.");
        compensations.Push(compensation);
    }

    public override async Task CompensateAsync()
    {
        compensated = true;
        execution.Sagas.Remove(this);
        List<Exception>? failures = null;
        while (compensations.TryPop(out var compensation))
        {
            try
            {
                await compensation();
            }
            catch (Exception error)
            {
                (failures ??= []).Add(error);          // the others still run: half an undo is worse than an undo with a known gap
            }
        }

        if (failures is not null) throw new AggregateException("Not every compensation succeeded.", failures);
    }

    public override async Task<T> CompensateAsync<T>(T result)
    {
        await CompensateAsync();
        return result;
    }
}
