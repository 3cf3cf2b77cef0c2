// The whole engine on this provider, as an application configures it.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Two steps, to see that something is stored between them.</summary>
public sealed class Greeting(WorkflowContext workflow)
{
    [Run]
    public async Task<string> RunAsync(string name)
    {
        var first = await workflow.StepAsync("first", () => Task.FromResult("hello"));
        var second = await workflow.StepAsync("second", () => Task.FromResult(name));
        return first + " " + second;
    }
}

/// <summary>UsePostgres.</summary>
public sealed class UsePostgresTests
{
    private string schema = "";

    [SetUp]
    public void SetUp() => schema = $"use_{Environment.ProcessId}_{Guid.NewGuid():N}"[..20];

    [TearDown]
    public Task TearDownAsync() => PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade");

    [Test]
    public async Task A_workflow_runs_on_a_connection_string()
    {
        await RunAsync(durable => durable.UsePostgres(PostgresServer.ConnectionString, o => o.Schema = schema));
    }

    [Test]
    public async Task A_workflow_runs_on_a_data_source_that_is_found_late()
    {
        await using var source = NpgsqlDataSource.Create(PostgresServer.ConnectionString);
        await RunAsync(durable => durable.UsePostgres(_ => source, o => o.Schema = schema));
    }

    [Test]
    public async Task A_second_host_takes_what_a_client_without_worker_has_started()
    {
        using var client = Build(durable => durable.UsePostgres(PostgresServer.ConnectionString, o => o.Schema = schema).WithoutWorker());
        using var worker = Build(durable => durable.UsePostgres(PostgresServer.ConnectionString, o => o.Schema = schema));
        await client.StartAsync();
        await worker.StartAsync();
        var run = await client.Services.GetRequiredService<DurableClient>().StartAsync((Greeting w) => w.RunAsync("ada"));
        Assert.That(await run.ResultAsync(), Is.EqualTo("hello ada"));
        await worker.StopAsync();
        await client.StopAsync();
    }

    private async Task RunAsync(Action<DurableBuilder> use)
    {
        using var host = Build(use);
        await host.StartAsync();
        var run = await host.Services.GetRequiredService<DurableClient>().StartAsync((Greeting w) => w.RunAsync("ada"));
        Assert.That(await run.ResultAsync(), Is.EqualTo("hello ada"));
        await host.StopAsync();
        Assert.That(await PostgresServer.ScalarAsync<string>($"select status || ' ' || outcome from {schema}.durable_runs"), Is.EqualTo("Completed \"hello ada\""));
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.durable_events"), Is.GreaterThanOrEqualTo(1));
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.durable_stuck"), Is.Zero);
    }

    private static IHost Build(Action<DurableBuilder> use)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddDurable(durable =>
        {
            durable.AddWorkflow<Greeting>();
            use(durable);
        });
        return builder.Build();
    }
}
