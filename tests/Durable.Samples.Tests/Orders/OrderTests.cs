// How a user tests the order sample: in virtual time, against recorded histories, with a crash at every place, and at the gate.
using Durable.Storage.Sqlite;
using Durable.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Samples.Orders;

namespace Durable.Samples.Tests.Orders;

[TestFixture]
public sealed class OrderTests
{
    private static string Histories => Path.Combine(AppContext.BaseDirectory, "Orders", "Histories");

    [Test]
    public async Task An_order_that_nobody_approves_is_refunded_after_three_days()
    {
        var world = new OrderWorld();
        await using var host = await WorkflowTestHost.StartAsync(world.Register);
        var began = host.Time.GetUtcNow();
        var run = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big));
        Assert.That(await run.ResultAsync(), Is.EqualTo(Receipt.Expired));
        Assert.That(host.Time.GetUtcNow() - began, Is.EqualTo(TimeSpan.FromDays(3)));
        Assert.That(world.Payments.Calls.Single(call => call.Method == "RefundAsync").Argument<string>(0), Is.EqualTo("charge-1"));
        (await host.HistoryAsync(run)).Has("ActivityScheduled Payments.Charge", "TimerFired", "ActivityScheduled Payments.Refund", "RunCompleted").HasNo("ChildRequested");
    }

    [Test]
    public async Task An_approved_order_is_packed_and_shipped()
    {
        var world = new OrderWorld();
        await using var host = await WorkflowTestHost.StartAsync(world.Register);
        var run = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big), new() { Id = "order-7" });
        Assert.That(await run.QueryAsync(w => w.State), Is.EqualTo("waiting for approval"));
        await run.SignalAsync(w => w.Approve("ada"));
        Assert.That(await run.ResultAsync(), Is.EqualTo(new Receipt("parcel-1", "stamp-1")));
        Assert.That(world.Warehouse.Calls.Last().Argument<string>(0), Is.EqualTo("TEA+CUPS+KETTLE"));
    }

    [Test]
    public async Task What_cannot_be_shipped_is_refunded()
    {
        var world = new OrderWorld();
        world.Warehouse.Fails(w => w.ShipAsync(""), new NonRetryableException("no parcels"));
        await using var host = await WorkflowTestHost.StartAsync(world.Register);
        var small = OrderWorld.Big with { Total = 10m };
        var run = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(small));
        Assert.That(() => run.ResultAsync(), Throws.TypeOf<RunFailedException>());
        Assert.That(world.Payments.Count(p => p.RefundAsync("")), Is.EqualTo(1));
    }

    [Test]
    public void Recorded_orders_can_be_repeated()
    {
        var report = Replay.VerifyFolder(Histories, new OrderWorld().Register);
        Assert.That(report.Workflows.Select(workflow => (workflow.Workflow, workflow.Runs)), Is.EqualTo([("OrderWorkflow", 3), ("PackingWorkflow", 1)]));
    }

    [Test]
    public void An_order_that_asks_for_approval_first_breaks_the_open_ones()
    {
        var world = new OrderWorld();
        var report = Replay.CheckFolder(Histories, durable => durable.AddWorkflow<OrderWorkflowThatAsksFirst>().AddWorkflow<PackingWorkflow>().AddFake(world.Payments).AddFake(world.Warehouse));
        Assert.That(report.Incompatible.Select(run => run.WorkflowId), Is.EqualTo(["order-approved", "order-expired", "order-waiting"]));
        Assert.That(report.Incompatible[0].Recorded, Does.Contain("Payments.Charge"));
    }

    [Test]
    public void An_approval_in_the_moment_after_the_three_days_does_not_stop_the_refund()
    {
        var late = new HistoryBuilder<OrderWorkflow>("order-late", w => w.RunAsync(OrderWorld.Big))
            .Completes("Payments.Charge", "charge-1").FiresTimer().Receives(w => w.Approve("ada")).Completes("Payments.Refund").Build();
        Assert.That(Replay.Verify<OrderWorkflow>(late).Runs, Is.EqualTo(1));
        Assert.That(late.GetProperty("events").EnumerateArray().Last().GetProperty("type").GetString(), Is.EqualTo("durable.RunCompleted"));
        Assert.That(() => Replay.Verify<OrderWorkflowThatAsksFirst>(late), Throws.TypeOf<DurableException>().With.Message.Contains("Payments.Charge"));
    }

    [Test]
    public async Task No_crash_changes_what_a_customer_gets()
    {
        var report = await CrashEverywhere.RunAsync(() => new Ordering(), options => options.RandomRuns = 3);
        Assert.That(report.Cases, Has.Count.GreaterThan(report.Commits * 3));
    }

    [Test]
    public async Task The_gate_lets_open_orders_of_this_build_pass()
    {
        var folder = Directory.CreateTempSubdirectory("durable-orders-").FullName;
        try
        {
            using (var host = Build(folder, worker: true))
            {
                await host.StartAsync();
                var client = host.Services.GetRequiredService<DurableClient>();
                for (var i = 0; i < 3; i++) await client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big), StartOptions.Once($"order-{i}"));
                await host.StopAsync();
            }

            using var gate = Build(folder, worker: false);
            var report = await gate.Services.GetRequiredService<DurableReplayGate>().CheckAsync();
            Assert.That((report.Runs, report.IsCompatible), Is.EqualTo((3, true)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IHost Build(string folder, bool worker)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<DurableReplayGate>();
        builder.Services.AddDurable(durable =>
        {
            new OrderWorld().Register(durable);
            durable.UseSqlite(Path.Combine(folder, "orders.db"));
            if (!worker) durable.WithoutWorker();
        });
        return builder.Build();
    }

    /// <summary>An approved order, and what must hold whatever dies on the way.</summary>
    private sealed class Ordering : CrashProgram<Receipt>
    {
        private readonly OrderWorld world = new();

        public override void Configure(DurableBuilder durable) => world.Register(durable);

        public override async Task<Receipt> RunAsync(WorkflowTestHost host)
        {
            var run = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big), StartOptions.Once("order-7"));
            await run.SignalAsync(w => w.Approve("ada"));
            return await run.ResultAsync();
        }

        public override void Check(Receipt result)
        {
            Assert.That(world.Payments.Calls.Select(call => call.IdempotencyKey).Distinct().Count(), Is.EqualTo(1), "one charge, whatever was tried again");
            Assert.That(world.Payments.Count(p => p.RefundAsync("")), Is.Zero);
            Assert.That(world.Warehouse.Calls.Where(call => call.Method == "ShipAsync").Select(call => call.IdempotencyKey).Distinct().Count(), Is.EqualTo(1));
        }
    }
}
