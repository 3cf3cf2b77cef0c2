// Two hosts and everything that a run can do, in all groups at once; on a cluster while pieces are moved from node to node. Nothing may be lost, nothing done twice.
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
[TestFixtureSource(typeof(GroupedPlaces), nameof(GroupedPlaces.All))]
public sealed class JourneyTests(string place)
{
    private const int Wave = 12, Words = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly string schema = $"journey_{Guid.NewGuid().ToString("N")[..8]}";
    private string connectionString = "";
    private IPlacement placement = SinglePlacement.Instance;

    [OneTimeSetUp]
    public async Task PrepareAsync() => (connectionString, placement) = await GroupedPlaces.PrepareAsync(place, schema);

    [OneTimeTearDown]
    public Task RemoveAsync() => PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade; drop table if exists {schema}_effect", connectionString);

    [Test]
    public async Task Every_run_of_two_hosts_completes_once_while_pieces_are_moved()
    {
        await PostgresServer.ExecuteAsync($"create table {schema}_effect (run text not null)", connectionString);
        using var first = await StartAsync("first");
        using var second = await StartAsync("second");
        var (client, store) = (first.Services.GetRequiredService<DurableClient>(), first.Services.GetRequiredService<Durable.Engine.Hosting.EngineServices>().Store);
        var moves = place == GroupedPlaces.Citus ? MovedPieces.AllAsync(connectionString, schema) : Task.FromResult(0);
        var journeys = 0;
        for (var wave = 0; wave < 2 || !moves.IsCompleted; wave++) journeys += await RunWaveAsync(client, store.Groups, wave);

        TestContext.Out.WriteLine($"{journeys} journeys, {await moves} pieces moved");
        if (place == GroupedPlaces.Citus) Assert.That(await moves, Is.EqualTo(store.Groups.Count));
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}_effect", connectionString), Is.EqualTo(place == GroupedPlaces.Citus ? journeys : 0), "steps that wrote");
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(distinct run) from {schema}_effect", connectionString), Is.EqualTo(place == GroupedPlaces.Citus ? journeys : 0));
        await Eventually.IsTrueAsync(async () => await OutgoingAsync(store) == 0);
        await first.StopAsync();
        await second.StopAsync();

        Assert.That(await store.CountRunsAsync(Contract.Make.Query(statuses: [RunStatus.Completed])), Is.EqualTo(2 * journeys), "journeys and children");
        while (await store.PurgeAsync(new PurgeRequest(TimeProvider.System.GetUtcNow().AddHours(1), null, 10)) > 0) continue;
        Assert.That(await store.CountRunsAsync(Contract.Make.Query()), Is.Zero);
        if (place == GroupedPlaces.Citus)
            foreach (var table in new[] { "event", "message", "ready", "owned", "task", "outgoing" })
                Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.{table}", connectionString), Is.Zero, table);
    }

    // A ring: each tells the next one so many words, and has a child in the group of the one after that.
    private async Task<int> RunWaveAsync(DurableClient client, IReadOnlyList<ShardGroup> groups, int wave)
    {
        var ids = Enumerable.Range(0, Wave).Select(i => GroupedPlaces.On(groups[i % groups.Count], $"journey-{wave}-{i}")).ToList();
        var runs = new List<RunHandle<Journey, List<string>>>();
        for (var i = 0; i < Wave; i++)
        {
            var (next, child, effects) = (ids[(i + 1) % Wave], GroupedPlaces.On(groups[(i + 2) % groups.Count], $"child-{wave}-{i}"), place == GroupedPlaces.Citus ? $"{schema}_effect" : "");
            runs.Add(await client.StartAsync((Journey w) => w.RunAsync(next, child, effects), new() { Id = ids[i] }));
        }

        foreach (var run in runs) await run.SignalAsync(w => w.Go());
        for (var i = 0; i < Wave; i++)
        {
            var before = ids[(i + Wave - 1) % Wave];
            Assert.That(await runs[i].ResultAsync().WaitAsync(Patience), Is.EqualTo(new[] { "chore", $"child: {ids[i]}" }.Concat(Enumerable.Range(0, Words).Select(word => $"{before} {word}"))), ids[i]);
        }

        return Wave;
    }

    private async Task<IHost> StartAsync(string name)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddDurable(durable => durable.UsePostgres(connectionString, postgres =>
        {
            postgres.Schema = schema;
            postgres.Placement = placement;
            postgres.Variant = new PostgresVariant { Partitions = false };
        }).AddWorkflow<Journey>().AddWorkflow<TravellingFlows.Child>().AddActivities<TravellingFlows.IChore, TravellingFlows.Chore>().Configure(options =>
        {
            options.Identity = $"{place}-{name}";
            options.Lease = TimeSpan.FromSeconds(10);
            options.PollInterval = TimeSpan.FromMilliseconds(200);
            options.ParkAfter = TimeSpan.FromMilliseconds(100);
            options.ServedQueues.Add("heavy");
        }));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task<int> OutgoingAsync(IDurableStore store)
    {
        var count = 0;
        foreach (var group in store.Groups) count += (await ((IGroupedStore)store).ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 1_000))).Count;
        return count;
    }

    public sealed class Journey(WorkflowContext workflow, TravellingFlows.IChore chore)
    {
        private readonly List<string> heard = [];
        private bool gone;

        [Run]
        public async Task<List<string>> RunAsync(string next, string child, string effects)
        {
            var me = workflow.Info.WorkflowId;
            await workflow.WaitUntilAsync(() => gone);
            var marks = new List<string> { await workflow.With(chore, new ActivityOptions { Queue = "heavy" }).DoAsync("chore") };
            for (var word = 0; word < Words; word++)
            {
                var number = word;
                await workflow.GetRun<Journey>(next).SignalAsync(w => w.Hear(me, number));
            }

            await workflow.DelayAsync(TimeSpan.FromMilliseconds(300));
            marks.Add(await workflow.RunChildAsync((TravellingFlows.Child w) => w.RunAsync(me), new() { Id = child }));
            if (effects.Length > 0) await workflow.TransactAsync("write", (DbTransaction transaction) => WriteAsync(transaction, effects, me));
            await workflow.WaitUntilAsync(() => heard.Count >= Words);
            return [.. marks, .. heard];
        }

        [Signal]
        public void Go() => gone = true;

        [Signal]
        public void Hear(string from, int word) => heard.Add($"{from} {word}");

        private static async Task WriteAsync(DbTransaction transaction, string effects, string me)
        {
            await using var command = new NpgsqlCommand($"insert into {effects} (run) values ($1)", (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction) { Parameters = { new() { Value = me } } };
            await command.ExecuteNonQueryAsync();
        }
    }
}
