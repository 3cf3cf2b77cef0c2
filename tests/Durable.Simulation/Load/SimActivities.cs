// The activities of the simulation: they succeed, fail, hang, time out and report late, and write all of it into the ledger.
using System.Globalization;
using Durable.Engine.Worker;

namespace Durable.Simulation;

/// <summary>What workflows call.</summary>
public interface ISimActivities
{
    /// <summary>Behaves as the number says.</summary>
    Task<int> DoAsync(int salt, int behaviour);

    /// <summary>Shows a promise's token to the world.</summary>
    Task PublishAsync(string token);
}

/// <summary>One attempt's activities.</summary>
internal sealed class SimActivities(SimProcess process, Ledger ledger, AttemptScope scope) : ISimActivities
{
    /// <summary>How many behaviours there are.</summary>
    public const int Behaviours = 9;

    public async Task<int> DoAsync(int salt, int behaviour)
    {
        var context = scope.Context!;
        ledger.Begin(process, context.IdempotencyKey, context.Attempt, context.Workflow.RunId);
        using var place = ledger.Enter(process, context);
        switch (behaviour)
        {
            case 1:
                await Wait(20);
                break;
            case 2:
                await Wait(250);
                break;
            case 3 when context.Attempt <= 2:
                throw new InvalidOperationException("Not yet.");
            case 4 when context.Attempt <= 1:
                await Wait(10);
                throw new InvalidOperationException("Not yet either.");
            case 5:
                throw new NonRetryableException("Never.");
            case 6 when context.Attempt <= 1:
                await Wait(10_000);              // ignores its token: it reports late or is given up
                break;
            case 7:
                for (var i = 0; i < 6; i++)
                {
                    context.Heartbeat(i);
                    await Wait(100, context.CancellationToken);
                }

                break;
            case 8:
                await Wait(700, context.CancellationToken);
                break;
        }

        return ledger.Effect(process, context.IdempotencyKey, context.Attempt);
    }

    public Task PublishAsync(string token)
    {
        var context = scope.Context!;
        ledger.Begin(process, context.IdempotencyKey, context.Attempt, context.Workflow.RunId);
        var key = context.IdempotencyKey.Split('/');
        ledger.Tokens.Add(new Promised(token, context.Workflow.RunId, int.Parse(key[1], CultureInfo.InvariantCulture), int.Parse(key[2], CultureInfo.InvariantCulture)));
        ledger.Effect(process, context.IdempotencyKey, context.Attempt);
        return Task.CompletedTask;
    }

    // Task.Delay would end on the thread pool when it is cancelled.
    private async Task Wait(int millis, CancellationToken token)
    {
        var over = new TaskCompletionSource();
        using var registration = token.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), over);
        process.Schedule(TimeSpan.FromMilliseconds(millis), () => over.TrySetResult());
        await over.Task;
        token.ThrowIfCancellationRequested();
    }

    private Task Wait(int millis) => Task.Delay(process.World.Random.Millis(0, millis), process.Clock);
}
