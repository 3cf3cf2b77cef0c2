// Two applications under WebApplicationFactory at the same time, each with a store in memory of its own; and edit and run.
using System.Net;
using Durable.Engine.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.Testing.Tests.Web;

/// <summary>A letter that is answered at once.</summary>
public sealed class Greeting(WorkflowContext workflow, IPost post)
{
    private bool gone;

    [Run]
    public async Task<string> RunAsync(string name)
    {
        var letter = await post.SendAsync(name, 1);
        await workflow.WaitUntilAsync(() => gone);
        return letter;
    }

    [Signal]
    public void Go() => gone = true;
}

[TestFixture]
public sealed class FactoryTests
{
    [Test]
    public async Task Two_factories_in_parallel_do_not_see_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 2).Select(number => Task.Run(async () =>
        {
            using var factory = new Factory($"app-{number}");
            using var client = factory.CreateClient();
            for (var i = 0; i < 5; i++)
            {
                using var started = await client.PostAsync(new Uri($"/greet/ada-{i}", UriKind.Relative), null);
                Assert.That(started.StatusCode, Is.EqualTo(HttpStatusCode.OK));
                Assert.That(await client.GetStringAsync(new Uri($"/greet/ada-{i}", UriKind.Relative)), Is.EqualTo($"app-{number} for ada-{i}"));
            }

            Assert.That(await factory.Services.GetRequiredService<DurableClient>().CountAsync(), Is.EqualTo(5));
        })));
    }

    [Test]
    public async Task Changed_code_is_run_against_the_history_at_once()
    {
        using var factory = new Factory("app");
        using var client = factory.CreateClient();
        var durable = factory.Services.GetRequiredService<DurableClient>();
        var run = await durable.StartAsync((Greeting w) => w.RunAsync("ada"), new() { Id = "edit" });
        var worker = factory.Services.GetRequiredService<WorkerService>();
        await WaitFor.TrueAsync(() => worker.OpenLane!.Slots.GetValueOrDefault(run.RunId!.Value)?.Execution is { Row: 1 });
        var before = worker.OpenLane!.Slots[run.RunId!.Value].Execution;
        HotReload.Watch(worker);
        HotReload.UpdateApplication([typeof(Greeting)]);
        await WaitFor.TrueAsync(() => worker.OpenLane.Slots.GetValueOrDefault(run.RunId!.Value) is { State: SlotState.Active, Execution: { } now } && now != before);
        await run.SignalAsync(w => w.Go());
        Assert.That(await run.ResultAsync(), Is.EqualTo("app for ada"));
        Assert.That(factory.Log.Lines, Has.Some.Contains("Code was changed"));
    }

    private sealed class Factory(string name) : WebApplicationFactory<Greeting>
    {
        public LineLog Log { get; } = new();

        protected override IHostBuilder CreateHostBuilder() => Host.CreateDefaultBuilder().ConfigureWebHostDefaults(web => web.Configure(app =>
        {
            app.UseRouting();
            app.UseEndpoints(routes =>
            {
                routes.MapPost("/greet/{id}", async (string id, DurableClient durable) =>
                {
                    var run = await durable.StartAsync((Greeting w) => w.RunAsync(id), StartOptions.Once(id));
                    await run.SignalAsync(w => w.Go());
                    return Results.Ok();
                });
                routes.MapGet("/greet/{id}", async (string id, DurableClient durable) => await durable.GetRun<Greeting, string>(id).ResultAsync());
            });
        }));

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseContentRoot(AppContext.BaseDirectory);
            builder.ConfigureServices(services =>
            {
                services.AddLogging(logging => logging.ClearProviders().AddProvider(Log));
                services.AddRouting();
                services.AddDurable(durable => durable.UseStore(_ => throw new InvalidOperationException("Tests must not open the real store.")).AddWorkflow<Greeting>().AddActivities<IPost>(new NamedPost(name)));
                services.UseInMemoryDurable();
            });
        }
    }

    private sealed class NamedPost(string name) : IPost
    {
        public Task<string> SendAsync(string to, int number) => Task.FromResult($"{name} for {to}");

        public Task TakeBackAsync(string letter) => Task.CompletedTask;
    }
}
