// Workers on a database in several groups: two plain servers always, and a real Citus where one was named. All that a run can do, and all that goes from group to group.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Durable.Storage.Postgres.Tests.GroupedPlaces;
using static Durable.Storage.Postgres.Tests.TravellingFlows;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
[TestFixtureSource(typeof(GroupedPlaces), nameof(GroupedPlaces.All))]
public sealed class GroupedHostTests(string place)
{
    private readonly string schema = $"grouped_{Guid.NewGuid().ToString("N")[..8]}";
    private string connectionString = "";
    private IPlacement placement = SinglePlacement.Instance;

    [OneTimeSetUp]
    public async Task PrepareAsync() => (connectionString, placement) = await GroupedPlaces.PrepareAsync(place, schema);

    [OneTimeTearDown]
    public Task RemoveAsync() => PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade", connectionString);

    [Test]
    public async Task Signals_and_results_of_children_cross_and_every_row_is_where_its_shard_is()
    {
        using var host = await StartAsync("a");
        var (client, store) = (host.Services.GetRequiredService<DurableClient>(), StoreOf(host));
        var (one, other) = (store.Groups[0], store.Groups[^1]);
        var listener = await client.StartAsync((Listener w) => w.RunAsync(50), new() { Id = On(other, "listener") });
        await client.StartAsync((Teller w) => w.RunAsync(listener.WorkflowId!, 50), new() { Id = On(one, "teller") });
        var parent = await client.StartAsync((Parent w) => w.RunAsync(On(one, "child")), new() { Id = On(other, "parent") });

        Assert.That(await listener.ResultAsync(), Is.EqualTo(Enumerable.Range(0, 50)));
        Assert.That(await parent.ResultAsync(), Is.EqualTo("child: hello"));
        await Eventually.IsTrueAsync(async () => (await OutgoingAsync(store)) == 0);
        Assert.That((await store.FindRunAsync("default", listener.WorkflowId, null))!.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(await store.CountRunsAsync(new RunQuery("default", nameof(Listener), [], null, null, "listener-", null, null, 10)), Is.EqualTo(1));
        if (place == GroupedPlaces.TwoServers)
            foreach (var table in new[] { "run", "event", "message", "ready", "owned", "lane", "commit_log" })
                for (var server = 0; server < 2; server++)
                    Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.{table} where shard % 2 <> {server}", server == 0 ? PostgresServer.ConnectionString : await SecondServer.ConnectionStringAsync()), Is.Zero, $"{table} on server {server}");
        await host.StopAsync();
    }

    [Test]
    public async Task Tasks_timers_parks_and_generations_work_in_every_group()
    {
        using var host = await StartAsync("b");
        var (client, store) = (host.Services.GetRequiredService<DurableClient>(), StoreOf(host));
        var runs = new List<RunHandle<Worker, string>>();
        foreach (var group in store.Groups) runs.Add(await client.StartAsync((Worker w) => w.RunAsync(0), new() { Id = On(group, $"worker{group.Number}") }));

        foreach (var run in runs) Assert.That(await run.ResultAsync(), Is.EqualTo("try beat"));
        await host.StopAsync();
    }

    [Test]
    public async Task Runs_of_a_host_that_is_gone_are_released_and_finished_by_another_in_every_group()
    {
        var first = await StartAsync("c");
        var (client, store) = (first.Services.GetRequiredService<DurableClient>(), StoreOf(first));
        var ids = store.Groups.Select(group => On(group, $"left{group.Number}")).ToList();
        foreach (var id in ids) await client.StartAsync((Listener w) => w.RunAsync(1), new() { Id = id });
        var worker = first.Services.GetRequiredService<Durable.Engine.Worker.WorkerService>();
        await worker.DisposeAsync();                     // its lanes neither give up nor renew

        using var second = await StartAsync("d");
        var other = second.Services.GetRequiredService<DurableClient>();
        foreach (var id in ids) await other.GetRun<Listener>(id).SignalAsync(w => w.Add(7));
        foreach (var id in ids) Assert.That(await other.GetRun<Listener, List<int>>(id).ResultAsync(), Is.EqualTo(new[] { 7 }));
        Assert.That((await StoreOf(second).ReadLanesAsync()).Count(lane => lane.Identity.EndsWith("-d", StringComparison.Ordinal)), Is.EqualTo(StoreOf(second).Groups.Count));
        await second.StopAsync();
        first.Dispose();
    }

    private async Task<IHost> StartAsync(string name)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddDurable(durable => durable.UsePostgres(connectionString, postgres =>
        {
            postgres.Schema = schema;
            postgres.Placement = placement;
            postgres.Variant = new PostgresVariant { Partitions = false };
        }).AddWorkflow<Teller>().AddWorkflow<Listener>().AddWorkflow<Parent>().AddWorkflow<Child>().AddWorkflow<Worker>().AddActivities<IChore, Chore>().Configure(options =>
        {
            options.Identity = $"{place}-{name}";
            options.Lease = TimeSpan.FromSeconds(4);
            options.PollInterval = TimeSpan.FromMilliseconds(200);
            options.ParkAfter = TimeSpan.FromMilliseconds(100);
            options.ServedQueues.Add("heavy");
        }));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static IDurableStore StoreOf(IHost host) => host.Services.GetRequiredService<Durable.Engine.Hosting.EngineServices>().Store;

    private static async Task<int> OutgoingAsync(IDurableStore store)
    {
        var count = 0;
        foreach (var group in store.Groups) count += (await ((IGroupedStore)store).ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 1_000))).Count;
        return count;
    }
}
