// The stories that are interrupted everywhere: the sample's order, a workflow of everything, a saga that undoes what it did.
using Durable.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Samples.Orders;

namespace Durable.EndToEnd.Tests;

internal static class Stories
{
    public static IEnumerable<Story> All => [Order, Everything, Refund];

    private static Story Order { get; } = new("the order of the sample", durable =>
        {
            durable.Services.AddScoped<IStamper, QuickStamper>();
            durable.AddWorkflow<OrderWorkflow>().AddWorkflow<PackingWorkflow>().AddActivities<IPayments, QuickPayments>().AddActivities<IWarehouse, QuickWarehouse>();
        },
        async client =>
        {
            var run = await client.StartAsync((OrderWorkflow w) => w.RunAsync(new Samples.Orders.Order("order-1", "4242", 12_500m, new[] { "tea", "cups", "kettle" })), StartOptions.Once("order-1"));
            await run.SignalAsync(w => w.Approve("ada"));
        },
        "order-1");

    private static Story Everything { get; } = new("steps, retries, timers, signals, children, generations", durable =>
        durable.AddWorkflow<GeneratedWorkflow>().AddActivities<IEffects, QuickEffects>(),
        async client =>
        {
            var child = new Plan([new(Act.Effect), new(Act.RollOver), new(Act.Delay, 20), new(Act.Effect)]);
            var plan = new Plan([new(Act.Effect), new(Act.Flaky, 1), new(Act.Step), new(Act.Fan, 3), new(Act.Signals, 2), new(Act.Delay, 50), new(Act.Children, 0, [child, child]),
                new(Act.RollOver), new(Act.TimeOut, 20), new(Act.Effect), new(Act.Step)]);
            var run = await client.StartAsync((GeneratedWorkflow w) => w.RunAsync(plan, Report.Empty), StartOptions.Once("all-1"));
            await run.SignalAsync(w => w.Hear(1));
            await run.SignalAsync(w => w.Hear(2));
        },
        "all-1");

    private static Story Refund { get; } = new("a saga that undoes what it did", durable =>
        durable.AddWorkflow<RefundWorkflow>().AddActivities<IPayments, QuickPayments>(),
        client => client.StartAsync((RefundWorkflow w) => w.RunAsync(3), StartOptions.Once("refund-1")),
        "refund-1");
}

/// <summary>Charges a few times, fails, and gives back in reverse.</summary>
public sealed class RefundWorkflow(WorkflowContext workflow, IPayments payments)
{
    /// <summary>Ends as Failed.</summary>
    [Run]
    public async Task RunAsync(int charges)
    {
        var saga = workflow.StartSaga();
        for (var i = 0; i < charges; i++)
        {
            var charge = await payments.ChargeAsync($"card-{i}", 1m);
            saga.OnFailure(() => payments.RefundAsync(charge));
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(10));
        }

        throw new InvalidOperationException("Out of tea.");
    }
}

internal sealed class QuickStamper(ActivityContext attempt, Hands hands) : IStamper
{
    public Task<string> NextAsync() => hands.DoAsync(attempt, "stamp");
}

internal sealed class QuickPayments(ActivityContext attempt, Hands hands) : IPayments
{
    public Task<string> ChargeAsync(string card, decimal amount) => hands.DoAsync(attempt, $"charge {card}");

    public Task RefundAsync(string charge) => hands.DoAsync(attempt, $"refund {charge}");
}

internal sealed class QuickWarehouse(ActivityContext attempt, Hands hands) : IWarehouse
{
    public Task<string> PickAsync(string item) => hands.DoAsync(attempt, item);

    public Task<string> ShipAsync(string parcel) => hands.DoAsync(attempt, $"ship {parcel}");
}

internal sealed class QuickEffects(ActivityContext attempt, Hands hands) : IEffects
{
    public Task<string> DoAsync(string step) => hands.DoAsync(attempt, step);

    public Task<string> FlakyAsync(string step, int failures) => attempt.Attempt > failures ? hands.DoAsync(attempt, step) : throw new IOException("was to fail");
}
