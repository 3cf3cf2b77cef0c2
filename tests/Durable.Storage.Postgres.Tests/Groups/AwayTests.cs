// A host that starts while the node of a group cannot be reached: health says so, the runs of the other groups go on.
using static Durable.Storage.Postgres.Tests.TravellingFlows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
[TestFixtureSource(typeof(GroupedPlaces), nameof(GroupedPlaces.All))]
public sealed class AwayTests(string place)
{
    private static readonly (string Host, int Port) Nowhere = ("127.0.0.1", 1);
    private readonly string schema = $"away_{Guid.NewGuid().ToString("N")[..8]}";
    private string connectionString = "";

    [OneTimeSetUp]
    public async Task PrepareAsync() => (connectionString, _) = await GroupedPlaces.PrepareAsync(place, schema);

    [OneTimeTearDown]
    public Task RemoveAsync() => PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade", connectionString);

    [Test]
    public async Task Groups_without_a_reachable_node_are_told_by_health_and_the_others_go_on()
    {
        var placement = place == GroupedPlaces.TwoServers ? new PlainServers([SecondServer.PlaceOf(connectionString), Nowhere]) : await WithoutOneNodeAsync();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddDurable(durable => durable.UsePostgres(connectionString, postgres =>
        {
            postgres.Schema = schema;
            postgres.Placement = placement;
            postgres.Variant = new PostgresVariant { Partitions = false };
        }).AddWorkflow<Child>());
        using var host = builder.Build();
        await host.StartAsync();
        var (client, store) = (host.Services.GetRequiredService<DurableClient>(), host.Services.GetRequiredService<Durable.Engine.Hosting.EngineServices>().Store);

        var faults = await ((IGroupedStore)store).ReadFaultsAsync();
        Assert.That(faults.Select(fault => fault.Server), Has.Exactly(1).Contains($"{Nowhere.Host}:{Nowhere.Port}/"));
        var near = store.Groups.Where(group => !faults[0].Groups.Contains(group.Number)).ToList();
        Assert.That((near.Count, faults[0].Groups.Count), Is.EqualTo((store.Groups.Count / 2, store.Groups.Count / 2)));
        foreach (var group in near)
            Assert.That(await (await client.StartAsync((Child w) => w.RunAsync("near"), new() { Id = GroupedPlaces.On(group, "near") })).ResultAsync(), Is.EqualTo("child: near"));
        var health = await new DurableReadiness(host.Services).CheckHealthAsync(new HealthCheckContext());
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Description, Does.Contain($"shard groups ({string.Join(", ", faults[0].Groups)})"));
        await host.StopAsync();
    }

    // The address of one of the data nodes leads to where nobody is.
    private async Task<IPlacement> WithoutOneNodeAsync()
    {
        var port = await PostgresServer.ScalarAsync<int>("select nodeport from pg_dist_node where noderole = 'primary' and shouldhaveshards order by groupid limit 1", connectionString);
        return new PostgresOptions().UseCitus(citus => citus.NodeAddress = (host, at) => at == port ? Nowhere : (host, at)).Placement;
    }
}
