// The smallest durable workflow: a recorded step, a durable pause, a result. Stop it in the pause and start it again: it goes on.
using Durable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = Directory.GetCurrentDirectory() });
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddDurable(durable => durable.UseSqlite("hello.db").AddWorkflow<Hello>());
using var host = builder.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<DurableClient>();
var run = await client.StartAsync((Hello w) => w.RunAsync("Ada"), new() { Id = "hello-1", IdConflict = IdConflictPolicy.UseExisting });
Console.WriteLine(await run.ResultAsync());
await host.StopAsync();

public sealed class Hello(WorkflowContext workflow)
{
    [Run]
    public async Task<string> RunAsync(string name)
    {
        var machine = await workflow.StepAsync("where", () => Task.FromResult(Environment.MachineName));
        await workflow.DelayAsync(TimeSpan.FromSeconds(5));
        return $"Hello {name} from {machine}";
    }
}
