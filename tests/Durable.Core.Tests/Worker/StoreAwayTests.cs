// A host whose database is away, at its start or later.
using System.Data.Common;
using Durable.Core.Tests.Kit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Durable.Core.Tests.Worker;

public sealed class StoreAwayTests : Situation
{
    [TestCase("Initialize")]
    [TestCase("OpenLane")]
    public async Task A_host_whose_database_is_away_starts_all_the_same_and_works_once_it_is_back(string verb)
    {
        var away = true;
        var node = await World.StartAsync(d => d.AddWorkflow<ActivityTests.Chain>(), faults: store => store.Before = called =>
            called == verb && away ? Task.FromException(new DurableException("DUR5001", "terminating connection", new ServerFault("57P01"))) : Task.CompletedTask);
        await World.UntilAsync(() => node.Store.Calls.GetValueOrDefault(verb) >= 2, "it has tried again");
        if (verb == "Initialize") Assert.That((await new DurableReadiness(node.Services).CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Degraded));

        away = false;
        await World.UntilAsync(async () => (await World.Store.ReadLanesAsync()).Any(lane => lane.Alive), "its lane is open");

        var run = await node.Client.StartAsync((ActivityTests.Chain w) => w.RunAsync(2));
        Assert.That(await run.ResultAsync(), Is.EqualTo("1! 2!"));
        Assert.That((await new DurableReadiness(node.Services).CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task A_host_whose_database_is_the_wrong_one_does_not_start([Values("DUR5001", "DUR1014", "DUR1016")] string code)
    {
        var error = await Assert.ThrowsAsync<DurableException>(() => World.StartAsync(d => d.AddWorkflow<ActivityTests.Chain>(), faults: store => store.Before = called =>
            called == "Initialize" ? Task.FromException(new DurableException(code, "not our database", new ServerFault("42501"))) : Task.CompletedTask));
        Assert.That(error!.Code, Is.EqualTo(code));
    }

    [Test]
    public async Task The_loops_of_a_host_whose_database_went_away_ask_less_and_less_often_and_say_so_once_in_a_while()
    {
        await using var world = new World(manual: true);
        var node = await world.StartAsync(d => d.AddWorkflow<ActivityTests.Chain>());
        node.Store.Before = static _ => Task.FromException(new DurableException("DUR5001", "gone", new ServerFault("57P01")));
        await world.UntilAsync(() => world.Logs.Entries.Count(entry => entry.Text.Contains("(look)", StringComparison.Ordinal)) == 1, "the first look has failed", step: TimeSpan.FromMilliseconds(10));
        var (since, before) = (world.Manual!.GetUtcNow(), node.Store.Calls["Look"]);

        await world.UntilAsync(() => node.Store.Calls["Look"] >= before + 20, "it has tried again and again", step: TimeSpan.FromMilliseconds(20));

        Assert.That(world.Manual.GetUtcNow() - since, Is.GreaterThan(TimeSpan.FromSeconds(10)), "twenty tries, most of them a second apart");
        Assert.That(world.Logs.Entries.Count(entry => entry.Text.Contains("(look)", StringComparison.Ordinal)), Is.LessThanOrEqualTo(2));
    }

    [Test]
    public async Task A_host_whose_store_never_answers_again_ends_all_the_same()
    {
        await using var world = new World(manual: true);
        var node = await world.StartAsync(d => d.AddWorkflow<ActivityTests.Chain>());
        await world.UntilAsync(async () => (await world.Store.ReadLanesAsync()).Any(lane => lane.Alive), "its lane is open", step: TimeSpan.FromMilliseconds(10));
        node.Store.Cut();

        var stop = node.StopAsync();

        await world.UntilAsync(() => stop.IsCompleted, "it has stopped", step: TimeSpan.FromMilliseconds(100));
        await stop;
        Assert.That(world.Logs.Entries.Any(entry => entry.Text.Contains("stopped", StringComparison.OrdinalIgnoreCase)), "it says so");
    }

    private sealed class ServerFault(string state) : DbException("as the server said it")
    {
        public override string SqlState => state;
    }
}
