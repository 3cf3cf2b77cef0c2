// Hosts as applications make them: registration, refusals at start, health, identity.
using Durable.Core.Tests.Kit;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Durable.Core.Tests.Hosting;

public sealed class HostingTests : Situation
{
    [Test]
    public async Task A_real_host_runs_a_workflow_and_stops()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddDurable(durable => durable.UseInMemory().AddWorkflow<Greeter>());
        using var host = builder.Build();
        await host.StartAsync();

        var run = await host.Services.GetRequiredService<DurableClient>().StartAsync((Greeter w) => w.RunAsync("Ada"));

        Assert.That(await run.ResultAsync(), Is.EqualTo("Hello Ada"));
        await host.StopAsync();
    }

    [Test]
    public async Task Modules_add_up_and_tests_replace_the_store()
    {
        var services = new ServiceCollection();
        services.AddDurable(durable => durable.UseStore(_ => throw new InvalidOperationException("the production store")).AddWorkflow<Greeter>());
        services.AddDurable(durable => durable.AddWorkflow<Other>());
        services.UseInMemoryDurable();
        await using var provider = services.BuildServiceProvider();
        foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(default);
        var client = provider.GetRequiredService<DurableClient>();

        Assert.That(await (await client.StartAsync((Greeter w) => w.RunAsync("Ada"))).ResultAsync(), Is.EqualTo("Hello Ada"));
        Assert.That(await (await client.StartAsync((Other w) => w.RunAsync())).ResultAsync(), Is.EqualTo(1));
        Assert.That(provider.GetServices<IHostedService>().Count(), Is.EqualTo(1));
        foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StopAsync(default);
    }

    [Test]
    public void A_workflow_that_asks_for_a_forbidden_service_is_refused_at_start_with_the_fix()
    {
        Assert.That(async () => await World.StartAsync(d => d.AddWorkflow<Forbidden>()),
            Throws.InstanceOf<DurableException>().With.Property("Code").EqualTo("DUR1001").And.Message.Contains("HttpClient").And.Message.Contains("activity").IgnoreCase);
    }

    [Test]
    public void Two_classes_with_one_name_are_refused_at_start()
    {
        Assert.That(async () => await World.StartAsync(d => d.AddWorkflow<Greeter>().AddWorkflow<Impostor>()), Throws.InstanceOf<DurableException>().With.Property("Code").EqualTo("DUR1009"));
    }

    [Test]
    public void Faults_are_reported_at_start_also_where_no_worker_runs()
    {
        Assert.That(async () => await World.StartAsync(d => d.AddWorkflow<Forbidden>().WithoutWorker()), Throws.InstanceOf<DurableException>().With.Property("Code").EqualTo("DUR1001"));
    }

    [Test]
    public void All_bad_options_are_reported_in_one_message()
    {
        Assert.That(async () => await World.StartAsync(d => d.AddWorkflow<Greeter>(), options: o => (o.MaxCachedRuns, o.Lease) = (0, TimeSpan.Zero)),
            Throws.InstanceOf<DurableException>().With.Property("Code").EqualTo("DUR1002").And.Message.Contains("MaxCachedRuns").And.Message.Contains("Lease"));
    }

    [Test]
    public void A_host_without_a_store_says_what_to_call()
    {
        var services = new ServiceCollection();
        services.AddDurable(durable => durable.AddWorkflow<Greeter>());
        using var provider = services.BuildServiceProvider();

        Assert.That(() => provider.GetServices<IHostedService>().ToList(), Throws.InstanceOf<DurableException>().With.Message.Contains("UseSqlite"));
    }

    [Test]
    public async Task An_idle_worker_is_alive_and_ready_however_long_it_idles()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Greeter>());
        var live = ActivatorUtilities.CreateInstance<DurableLiveness>(node.Services);
        var ready = ActivatorUtilities.CreateInstance<DurableReadiness>(node.Services);

        var began = World.Clock.GetUtcNow();
        await World.UntilAsync(() => World.Clock.GetUtcNow() - began > TimeSpan.FromMinutes(10), "ten minutes are over", TimeSpan.FromSeconds(5));

        Assert.That((await live.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Healthy), string.Join(", ", node.Services.GetRequiredService<WorkerService>().DeadLoops(TimeSpan.FromSeconds(60))));
        Assert.That((await ready.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task A_store_that_is_away_degrades_readiness_and_after_half_a_minute_ends_it()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Greeter>());
        var ready = ActivatorUtilities.CreateInstance<DurableReadiness>(node.Services);
        node.Store.Before = _ => Task.FromException(new IOException("no route"));

        Assert.That((await ready.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Degraded));
        World.Manual!.Advance(TimeSpan.FromSeconds(31));
        Assert.That((await ready.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Unhealthy));
        node.Store.Before = null;
        Assert.That((await ready.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task Without_a_configured_name_two_starts_in_one_place_are_one_identity()
    {
        async Task<string> IdentityAsync()
        {
            var node = await World.StartAsync(d => d.AddWorkflow<Greeter>(), options: o => o.Identity = null);
            var name = (await World.Store.ReadLanesAsync()).Single(lane => lane.Alive).Identity;
            await node.StopAsync();
            return name;
        }

        var first = await IdentityAsync();
        Assert.That(first, Does.Contain(Environment.MachineName));
        Assert.That(await IdentityAsync(), Is.EqualTo(first));
    }

    [Test]
    public async Task A_drain_time_that_the_host_would_cut_off_is_warned_about()
    {
        await World.StartAsync(d => d.AddWorkflow<Greeter>(), options: o => o.DrainTimeout = TimeSpan.FromMinutes(5));

        Assert.That(World.Logs.Entries.Any(entry => entry.Id == 108 && entry.Text.Contains("ShutdownTimeout", StringComparison.Ordinal)), Is.True);
    }

    [Test]
    public async Task The_store_goes_with_the_host()
    {
        var store = new ClosingStore();
        var services = new ServiceCollection();
        services.AddDurable(durable => durable.UseStore(_ => store.Inner).AddWorkflow<Greeter>());
        var provider = services.BuildServiceProvider();
        foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(default);
        foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StopAsync(default);

        await provider.DisposeAsync();

        Assert.That(store.Inner.Calls.ContainsKey("Dispose"), Is.True);
    }

    private sealed class ClosingStore
    {
        public FaultyStore Inner { get; } = new(new InMemoryStore(TimeProvider.System));
    }

    public sealed class Greeter
    {
        [Run]
        public Task<string> RunAsync(string name) => Task.FromResult($"Hello {name}");
    }

    [Workflow("Greeter")]
    public sealed class Impostor
    {
        [Run]
        public Task<string> RunAsync(string name) => Task.FromResult(name);
    }

    public sealed class Other
    {
        [Run]
        public Task<int> RunAsync() => Task.FromResult(1);
    }

    public sealed class Forbidden(HttpClient http)
    {
        [Run]
        public Task<string> RunAsync() => http.GetStringAsync(new Uri("about:blank"));
    }
}
