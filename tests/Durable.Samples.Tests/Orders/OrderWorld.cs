// The order sample with fakes in place of its outside world.
using Durable.Testing;
using Microsoft.Extensions.DependencyInjection;
using Samples.Orders;

namespace Durable.Samples.Tests.Orders;

internal sealed class OrderWorld
{
    public static readonly Order Big = new("7", "4242424242424242", 20_000m, ["tea", "cups", "kettle"]);

    public ActivityFake<IPayments> Payments { get; } = new ActivityFake<IPayments>().Returns(p => p.ChargeAsync("", 0), "charge-1");

    public ActivityFake<IWarehouse> Warehouse { get; } = new ActivityFake<IWarehouse>()
        .Answers(w => w.PickAsync(""), call => Task.FromResult(call.Argument<string>(0).ToUpperInvariant())).Returns(w => w.ShipAsync(""), "parcel-1");

    public void Register(DurableBuilder durable)
    {
        durable.Services.AddSingleton<IStamper>(new FakeStamper());
        durable.AddWorkflow<OrderWorkflow>().AddWorkflow<PackingWorkflow>().AddFake(Payments).AddFake(Warehouse);
    }

    private sealed class FakeStamper : IStamper
    {
        public Task<string> NextAsync() => Task.FromResult("stamp-1");
    }
}
