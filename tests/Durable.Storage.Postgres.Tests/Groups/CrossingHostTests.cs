// A worker on two servers of which one is away for a while: nothing is lost by that, and the other's runs go on.
using static Durable.Storage.Postgres.Tests.TravellingFlows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
public sealed class CrossingHostTests
{
    private readonly string schema = $"crossing_{Guid.NewGuid().ToString("N")[..8]}";
    private IHost host = null!;

    private DurableClient Client => host.Services.GetRequiredService<DurableClient>();

    [SetUp]
    public async Task StartAsync()
    {
        var placement = await SecondServer.PlacementAsync();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddDurable(durable => durable.UsePostgres(PostgresServer.ConnectionString, postgres =>
        {
            postgres.Schema = schema;
            postgres.Placement = placement;
        }).AddWorkflow<Teller>().AddWorkflow<Listener>().AddWorkflow<Child>().Configure(options =>
        {
            options.Lease = TimeSpan.FromSeconds(4);
            options.PollInterval = TimeSpan.FromMilliseconds(200);
        }));
        host = builder.Build();
        await host.StartAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    [Test]
    public async Task With_one_server_away_the_runs_of_the_other_go_on_and_what_crosses_waits_and_arrives()
    {
        var listener = await Client.StartAsync((Listener w) => w.RunAsync(20), new() { Id = On(1, "listener") });
        var teller = await Client.StartAsync((Teller w) => w.RunAsync("not yet", 0), new() { Id = On(0, "teller") });
        await SecondServer.CrashAsync();
        try
        {
            await teller.SignalAsync(w => w.Tell(listener.WorkflowId!, 20));
            for (var i = 0; i < 10; i++)
                Assert.That(await (await Client.StartAsync((Child w) => w.RunAsync($"{i}"), new() { Id = On(0, $"alone-{i}") })).ResultAsync(), Is.EqualTo($"child: {i}"));
            var health = await new DurableReadiness(host.Services).CheckHealthAsync(new HealthCheckContext());
            Assert.That((health.Status, health.Description), Is.EqualTo((HealthStatus.Degraded, health.Description)));
            Assert.That(health.Description, Does.Contain($":{SecondServer.PlaceOf(await ServerAsync(1)).Port}/").And.Contain("shard groups (1)"));
        }
        finally
        {
            await SecondServer.RestartAsync();
        }

        Assert.That(await listener.ResultAsync(), Is.EqualTo(Enumerable.Range(0, 20)));
        await teller.SignalAsync(w => w.Stop());
        await teller.CompletionAsync();
    }

    [Test]
    public async Task What_one_server_refuses_holds_up_its_sender_alone_and_arrives_when_that_is_mended()
    {
        var (listener, other) = (await Client.StartAsync((Listener w) => w.RunAsync(10), new() { Id = On(1, "refusing") }), await Client.StartAsync((Listener w) => w.RunAsync(10), new() { Id = On(1, "taking") }));
        var (teller, second) = (await Client.StartAsync((Teller w) => w.RunAsync("not yet", 0), new() { Id = On(0, "refused") }), await Client.StartAsync((Teller w) => w.RunAsync("not yet", 0), new() { Id = On(0, "taken") }));
        await PostgresServer.ExecuteAsync($"alter table {schema}.message add constraint no_news check (sender <> '{teller.RunId}') not valid", await ServerAsync(1));
        await teller.SignalAsync(w => w.Tell(listener.WorkflowId!, 10));
        await second.SignalAsync(w => w.Tell(other.WorkflowId!, 10));

        Assert.That(await other.ResultAsync(), Is.EqualTo(Enumerable.Range(0, 10)));
        await Eventually.IsTrueAsync(async () => await new DurableReadiness(host.Services).CheckHealthAsync(new HealthCheckContext()) is { Status: HealthStatus.Degraded } told && told.Description!.Contains("no_news", StringComparison.Ordinal) && told.Description.StartsWith(DurableErrorCodes.CrossingRefused, StringComparison.Ordinal));
        await Eventually.IsTrueAsync(async () => await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.outgoing", await ServerAsync(0)) == 10);
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.message where sender = '{teller.RunId}'", await ServerAsync(1)), Is.Zero);
        await PostgresServer.ExecuteAsync($"alter table {schema}.message drop constraint no_news", await ServerAsync(1));

        Assert.That(await listener.ResultAsync(), Is.EqualTo(Enumerable.Range(0, 10)));
        await Eventually.IsTrueAsync(async () => await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.outgoing", await ServerAsync(0)) == 0);
        foreach (var one in new[] { teller, second })
        {
            await one.SignalAsync(w => w.Stop());
            await one.CompletionAsync();
        }
    }

    // A workflow id whose group is on the server.
    private static string On(int server, string name) => Enumerable.Range(0, 100).Select(i => $"{name}-{i}").First(id => Shards.Of("default", id) % 2 == server);

    private static async Task<string> ServerAsync(int server) => server == 0 ? PostgresServer.ConnectionString : await SecondServer.ConnectionStringAsync();
}
