// A worker process: this program with `worker` as its first argument. It works until its input ends or somebody kills it.
using System.Globalization;
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workload;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.Chaos.Workers;

/// <summary>The worker's host; the campaign's own client uses the same store and workflows.</summary>
internal static class WorkerProgram
{
    /// <summary>Where the store is; a secret, so not an argument.</summary>
    public const string StoreVariable = "DURABLE_CHAOS_STORE";

    /// <summary>What stands before the schema and the coordinator's connection string.</summary>
    public const string CitusMark = "citus:";

    /// <summary>By how many milliseconds the clock is off.</summary>
    public const string ClockVariable = "DURABLE_CHAOS_CLOCK";

    /// <param name="arguments">Kind of store, launch, identity, folder, lease in seconds.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (store, launch, identity, folder) = (arguments[0], arguments[1], arguments[2], arguments[3]);
        var lease = TimeSpan.FromSeconds(double.Parse(arguments[4], CultureInfo.InvariantCulture));
        using var ledger = new EffectLedger(Path.Combine(folder, $"ledger-{launch}.log"), launch);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = folder });
        builder.Logging.AddProvider(new LineLog()).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(ledger);
        if (Environment.GetEnvironmentVariable(ClockVariable) is { Length: > 0 } off)
            builder.Services.AddSingleton<TimeProvider>(new WrongClock(TimeSpan.FromMilliseconds(double.Parse(off, CultureInfo.InvariantCulture))));
        builder.Services.AddDurable(durable => Register(durable, store, Environment.GetEnvironmentVariable(StoreVariable)!).Configure(options =>
        {
            options.Identity = identity;
            options.Lease = lease;
        }));
        using var host = builder.Build();
        await host.StartAsync();
        Pulse.Begin(lease / 4);
        LineLog.Say("READY");
        // Its input ends when the campaign closes it, or is gone; SIGTERM is an orchestrator's way.
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await Task.WhenAny(Task.Run(ReadToEnd), Task.Delay(Timeout.InfiniteTimeSpan, stopping));
        await host.StopAsync();
        return 0;
    }

    private static void ReadToEnd()
    {
        while (Console.In.ReadLine() is not null) continue;
    }

    /// <summary>What workers and the client of a campaign have in common.</summary>
    public static DurableBuilder Register(DurableBuilder durable, string store, string place)
    {
        durable.Services.AddScoped<Effects>();
        if (place.StartsWith(CitusMark, StringComparison.Ordinal))
        {
            var (schema, coordinator) = (place[CitusMark.Length..place.IndexOf('|', StringComparison.Ordinal)], place[(place.IndexOf('|', StringComparison.Ordinal) + 1)..]);
            durable.UsePostgres(coordinator, postgres =>
            {
                postgres.Schema = schema;
                postgres.Migrate = false;
                postgres.UseCitus();
            });
        }
        else if (store == "postgres" && place.Split('|') is [var first, .. { Length: > 0 } ports])
        {
            var host = new Npgsql.NpgsqlConnectionStringBuilder(first).Host!;
            durable.UsePostgres(first, postgres => postgres.Placement = new Durable.Storage.Postgres.Tests.PlainServers([.. ports.Select(port => (host, int.Parse(port, CultureInfo.InvariantCulture)))]));
        }
        else if (store == "postgres") durable.UsePostgres(place);
        else durable.UseSqlite(place, sqlite => sqlite.AllowSharedFile = true);
        return durable.AddWorkflow<ChainWorkflow>().AddWorkflow<InboxWorkflow>().AddActivities<IWork, Effects>().Configure(options =>
        {
            options.ParkAfter = TimeSpan.FromMilliseconds(300);      // parks and claims are to be met by faults, too
            options.PollInterval = TimeSpan.FromMilliseconds(250);
            options.DrainTimeout = TimeSpan.FromSeconds(3);
            options.KeepGenerations = 1_000_000;                     // the checker wants whole histories
            options.QuarantineAfter = 1_000_000;                     // workers die on purpose here, not by their runs
            options.Retention = null;
        });
    }
}
