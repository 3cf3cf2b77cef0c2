// The C# of the documents, so that it compiles; DocumentTests finds each block here or in a sample.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Durable.EndToEnd.Tests;

internal static class Snippets
{
    public static void AddHealth(HostApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks()
            .AddCheck<DurableLiveness>("durable-live").AddCheck<DurableReadiness>("durable-ready");
    }

    public static void LimitMail(IServiceCollection services)
    {
        services.Configure<DurableOptions>(options => options.QueueLimits["mail"] = new QueueLimit { PerWorker = 20, Cluster = 50 });
    }

    public static async Task AcceptAsync(DurableClient client)
    {
        await client.AcceptRestoredStoreAsync(RestoredStorePolicy.Continue);
    }

    public static async Task ActAsync(DurableClient client)
    {
        var run = client.GetRun("order-1");
        Console.WriteLine((await run.ExplainAsync()).Summary);      // what it waits for, or what holds it and what to do
        await run.ResumeAsync();                                    // ends a pause, a stall, a quarantine
        await run.CancelAsync("the customer called");               // asks: the code sees it and may clean up
        await run.TerminateAsync("it will never end");              // ends it: no code runs, no compensation
        await run.PurgeAsync();                                     // deletes a closed run with all that belongs to it
    }
}
