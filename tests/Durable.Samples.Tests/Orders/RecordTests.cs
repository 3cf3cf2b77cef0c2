// Records the histories of this folder. They are of the build that made them, so they are written once and then kept.
using System.Runtime.CompilerServices;
using Durable.Testing;
using Samples.Orders;

namespace Durable.Samples.Tests.Orders;

[TestFixture]
public sealed class RecordTests
{
    [Test]
    public async Task Each_path_that_matters_has_a_recorded_history()
    {
        await using var host = await WorkflowTestHost.StartAsync(new OrderWorld().Register);
        var approved = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big), new() { Id = "order-approved" });
        await approved.SignalAsync(w => w.Approve("ada"));
        await approved.ResultAsync();
        var expired = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big), new() { Id = "order-expired" });
        await expired.ResultAsync();
        var waiting = await host.Client.StartAsync((OrderWorkflow w) => w.RunAsync(OrderWorld.Big), new() { Id = "order-waiting" });
        await host.SettleAsync();
        await KeepAsync(approved, expired, waiting);
        await foreach (var run in host.Client.ListAsync(new RunFilter { Workflow = nameof(PackingWorkflow) })) await KeepAsync("packing", host.Client.GetRun(run.WorkflowId, run.RunId));
        Assert.That(Directory.GetFiles(Folder(), "*.json"), Has.Length.EqualTo(4), "a new history was written: add it to the repository");
    }

    private static async Task KeepAsync(params RunHandle[] runs)
    {
        foreach (var run in runs) await KeepAsync(run.WorkflowId, run);
    }

    private static async Task KeepAsync(string name, RunHandle run)
    {
        var file = Path.Combine(Folder(), $"{name}.json");
        if (!File.Exists(file)) await File.WriteAllTextAsync(file, (await run.ExportAsync()).GetRawText());
    }

    private static string Folder([CallerFilePath] string here = "") => Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(here)!, "Histories")).FullName;
}
