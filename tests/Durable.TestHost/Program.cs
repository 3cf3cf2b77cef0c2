// Runs a generated workload on work.db in the current folder, until all of it is closed or somebody kills this process.
//   --seed N --count N   which workflows             --work-only     runs what others start, until its input ends
//   --identity NAME      DurableOptions.Identity     --lease SECONDS DurableOptions.Lease
//   --pace MILLISECONDS  the longest of an effect    --shared        SqliteOptions.AllowSharedFile
using Durable;
using Durable.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var folder = Directory.GetCurrentDirectory();
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder });
builder.Logging.SetMinimumLevel(LogLevel.Error).AddFilter("Durable", LogLevel.Information).AddFilter("Durable.Storage", LogLevel.Warning);
builder.Services.AddSingleton(new Ledgers(folder, TimeSpan.FromMilliseconds(Number("--pace", 15))));
builder.Services.AddDurable(durable => durable
    .UseSqlite("work.db", sqlite => sqlite.AllowSharedFile = args.Contains("--shared"))
    .AddWorkflow<GeneratedWorkflow>()
    .AddActivities<IEffects, Ledger>()
    .Configure(options =>
    {
        options.Lease = TimeSpan.FromSeconds(Number("--lease", 20));
        options.Identity = Text("--identity");
        options.ParkAfter = TimeSpan.FromMilliseconds(200);          // parking and claiming are to be met by kills too
        options.QuarantineAfter = 1_000;                             // this host is killed on purpose, not by its runs
    }));

try
{
    using var host = builder.Build();
    await host.StartAsync();
    Console.WriteLine("open");
    if (args.Contains("--work-only"))
        while (Console.ReadLine() is not null) { }
    else
        await new Driver(host.Services.GetRequiredService<DurableClient>(), folder, Number("--seed", 1), Number("--count", 10)).RunAsync();
    await host.StopAsync();
    return 0;
}
catch (DurableException error)
{
    Console.WriteLine(error.Message);
    return 2;
}

string? Text(string name) => Array.IndexOf(args, name) is var at and >= 0 ? args[at + 1] : null;

int Number(string name, int otherwise) => Text(name) is { } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : otherwise;
