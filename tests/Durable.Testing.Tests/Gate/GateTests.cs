// The deploy gate over a store, as a method and as a health check.
using Durable.Storage;
using Durable.Testing.Tests.Replays;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Durable.Testing.Tests.Gate;

[TestFixture]
public sealed class GateTests
{
    private InMemoryStore store = null!;

    [SetUp]
    public async Task OpenRunsOfTheOldBuildAsync()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddWorkflow<Waiting>().AddFake<IPost>());
        for (var i = 0; i < 20; i++) await host.Client.StartAsync((Approval w) => w.RunAsync("letter"), new() { Id = $"letter-{i:00}" });
        for (var i = 0; i < 3; i++) await host.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = $"waits-{i}" });
        await host.SettleAsync();
        store = host.World.Store;
    }

    [Test]
    public async Task The_build_that_wrote_the_runs_passes()
    {
        await using var services = Build(durable => durable.AddWorkflow<Approval>().AddWorkflow<Waiting>());
        var report = await Gate(services).CheckAsync();
        Assert.That(report.ThrowIfIncompatible().Runs, Is.EqualTo(23));
        Assert.That(report.NotHere, Is.Empty);
    }

    [Test]
    public async Task Another_build_is_told_each_run_that_it_would_hold_and_nothing_is_written()
    {
        var before = await RowsAsync();
        await using var services = Build(durable => durable.AddWorkflow<ApprovalThatAsksTwice>());
        var report = await Gate(services).CheckAsync();
        Assert.That(report.Incompatible.Select(run => run.WorkflowId), Is.EqualTo(Enumerable.Range(0, 20).Select(i => $"letter-{i:00}")));
        Assert.That(report.Incompatible[0], Has.Property("Recorded").Contains("Timer").And.Property("Attempted").Contains("Post.Send").And.Property("SourceLine").Contains("VerifyTests.cs:line 18").And.Property("Position").EqualTo("0:1"));
        Assert.That(report.NotHere, Is.EqualTo(new Dictionary<string, int> { ["Waiting@1"] = 3 }));
        Assert.That(() => report.ThrowIfIncompatible(), Throws.TypeOf<DurableException>().With.Property("Code").EqualTo(DurableErrorCodes.Diverged));
        Assert.That(await RowsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_sample_takes_as_many_of_each_workflow()
    {
        await using var services = Build(durable => durable.AddWorkflow<Approval>().AddWorkflow<Waiting>());
        var report = await Gate(services).CheckAsync(new ReplayGateOptions { SamplePerWorkflow = 5 });
        Assert.That(report.Workflows.Select(workflow => (workflow.Workflow, workflow.Runs)), Is.EqualTo([("Approval", 5), ("Waiting", 3)]));
    }

    [TestCase(true, HealthStatus.Healthy)]
    [TestCase(false, HealthStatus.Unhealthy)]
    public async Task The_health_check_says_what_the_gate_found(bool same, HealthStatus expected)
    {
        await using var services = Build(durable => _ = same ? durable.AddWorkflow<Approval>() : durable.AddWorkflow<ApprovalThatAsksTwice>());
        var result = await ResultAsync(services);
        Assert.That(result.Status, Is.EqualTo(expected));
        Assert.That(result.Description, same ? Does.Contain("20 open runs fit") : Does.Contain("20 of 20 replayed runs do not fit"));
    }

    [Test]
    public async Task A_class_that_is_not_here_counts_only_if_all_are_asked_for()
    {
        await using var services = Build(durable => durable.AddWorkflow<Approval>(), all: true);
        Assert.That((await ResultAsync(services)).Description, Does.Contain("3 runs of Waiting@1"));
    }

    private static async Task<HealthCheckResult> ResultAsync(IServiceProvider services)
    {
        var first = await Gate(services).CheckHealthAsync(new HealthCheckContext());
        for (var result = first; ; result = await Gate(services).CheckHealthAsync(new HealthCheckContext()))
        {
            if (result.Description?.Contains("are being replayed", StringComparison.Ordinal) != true) return result;
            await Task.Delay(1);
        }
    }

    private static DurableReplayGate Gate(IServiceProvider services) => ActivatorUtilities.CreateInstance<DurableReplayGate>(services);

    private async Task<List<string>> RowsAsync()
    {
        var runs = await store.ListRunsAsync(new RunQuery("default", null, [], null, null, null, null, null, 100));
        var rows = new List<string>();
        foreach (var run in runs) rows.Add($"{run.WorkflowId} {run.Status} {(await store.ReadEventsAsync(run.RunId, 0, 0, 100)).Count}");
        return rows;
    }

    private ServiceProvider Build(Action<DurableBuilder> configure, bool all = false)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.Configure<ReplayGateOptions>(options => options.RequireAllWorkflows = all);
        services.AddDurable(durable =>
        {
            durable.UseStore(_ => store).AddActivities<IPost>(SilentPost.Instance).WithoutWorker();
            configure(durable);
        });
        return services.BuildServiceProvider();
    }

    private sealed class SilentPost : IPost
    {
        public static IPost Instance { get; } = new SilentPost();

        public Task<string> SendAsync(string to, int number) => throw new InvalidOperationException("The gate calls nothing.");

        public Task TakeBackAsync(string letter) => throw new InvalidOperationException("The gate calls nothing.");
    }
}
