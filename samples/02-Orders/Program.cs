// Runs one order to its end on orders.db in the current folder. With --crash the process kills itself somewhere in the middle;
// running it again in the same folder finishes that order.
using System.Diagnostics;
using Durable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Samples.Orders;

var crash = args.Contains("--crash");
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = Directory.GetCurrentDirectory() });
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Samples", LogLevel.Information).AddFilter("Durable.Worker", LogLevel.Information);
builder.Services.AddScoped<IStamper, Stamper>();
builder.Services.AddDurable(durable => durable
    .UseSqlite("orders.db")
    .AddWorkflow<OrderWorkflow>()
    .AddWorkflow<PackingWorkflow>()
    .AddActivities<IPayments, Payments>()
    .AddActivities<IWarehouse, Warehouse>());

using var host = builder.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<DurableClient>();

// An order that was left open by a crash comes first; else a new one.
string? open = null;
await foreach (var left in client.ListAsync(new RunFilter { Workflow = nameof(OrderWorkflow), Status = [RunStatus.Pending, RunStatus.Running] })) open = left.WorkflowId;
var id = open ?? $"order-{Guid.NewGuid().ToString("N")[..8]}";
Console.WriteLine(open is null ? $"Starting {id}." : $"Resuming {id}, which was left in the middle.");
var order = new Order(id, "4242424242424242", 12_500m, ["tea", "cups", "kettle"]);
var run = await client.StartAsync((OrderWorkflow w) => w.RunAsync(order), StartOptions.Once(id));

// Killed at a random moment after the first event and before the last (the effects and the pause take 550 ms at least): a kill -9 of its own,
// nothing is flushed or closed.
if (crash)
    _ = Task.Run(async () =>
    {
        await Task.Delay(Random.Shared.Next(20, 500));
        Console.WriteLine("Killing this process now. Run the sample again in this folder.");
        Process.GetCurrentProcess().Kill();
    });

await run.SignalAsync(w => w.Approve("ada"));            // it needs no input: it approves its own order
var receipt = await run.ResultAsync();

Console.WriteLine($"\n{"at",-13} {"event",-8} {"kind",-20} what");
DateTimeOffset? first = null;
await foreach (var happened in run.HistoryAsync())
{
    first ??= happened.At;
    Console.WriteLine($"+{(happened.At - first.Value).TotalMilliseconds,9:0.0} ms {happened.Position,-8} {happened.Kind,-20} {Timeline.What(happened)}");
}

Console.WriteLine($"\nTracking {receipt.Tracking}, stamp {receipt.Stamp}.");
var info = await run.DescribeAsync();
await host.StopAsync();
Console.WriteLine($"{info.WorkflowId} {info.Status}");
