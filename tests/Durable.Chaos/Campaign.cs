// A campaign: a store, workers, clients; faults for so long; then rest, and the judgement.
using System.Diagnostics;
using System.Globalization;
using Durable.Chaos.Checking;
using Durable.Chaos.Clients;
using Durable.Chaos.Faults;
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workers;
using Durable.Chaos.Workload;
using Durable.Engine.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Durable.Chaos;

/// <summary>Runs one campaign.</summary>
internal sealed class Campaign(ChaosOptions options, TextWriter report)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);       // without any progress after the faults have ended
    private readonly string folder = Directory.CreateTempSubdirectory("durable-chaos-").FullName;

    /// <returns>The exit code: 0 if nothing was violated and every fault bit.</returns>
    public async Task<int> RunAsync(CancellationToken abort)
    {
        Say($"seed {options.Seed}, {options.Store}, {options.Workers} workers, {(options.Citus ? "groups of Citus" : $"{options.Groups} group(s)")}, lease {options.Lease} s, faults {string.Join(", ", options.Faults)}, work {options.Work}, folder {folder}");
        await using var store = await StorePlace.CreateAsync(options, folder);
        await using var proxy = options.NeedsProxy ? new CutProxy(store.Port) : null;
        var way = proxy is null ? store.Place : store.By(proxy.Port);
        using var requests = new RequestLog(Path.Combine(folder, "requests.log"));
        using var host = Client(way);
        var engine = host.Services.GetRequiredService<EngineServices>();
        await Opening.ReadyAsync(engine, abort);
        await using var pulse = new StorePulse(engine.Store, TimeSpan.FromSeconds(options.Lease / 4));
        await using var fleet = new Fleet(options, folder, way);
        fleet.Start();

        var plans = new Plans(options.Seed, options.Work, engine.Groups.IsOne ? null : engine.Groups.Of);
        var campaigner = new Campaigner(host.Services.GetRequiredService<DurableClient>(), requests, plans);
        var faults = Faults(fleet, store, proxy, new Lanes(engine.Store), () => campaigner.Finished);
        await WorkAsync(fleet, campaigner, faults, abort);
        Say($"stopping {fleet.Launches} launches' last workers");
        var (longest, codes) = await fleet.StopAsync(TimeSpan.FromSeconds(90));
        Say($"stopped within {longest.TotalSeconds:0.0} s{(codes.Count > 0 ? $", exit codes {string.Join(',', codes)}" : "")}; checking");

        var audit = new Audit(engine, requests, plans, folder, [.. faults.SelectMany(fault => fault.Injuries).Concat(pulse.Injuries)], fleet.Log);
        await audit.RunAsync();
        foreach (var wrong in campaigner.Wrong) audit.Findings.AddDivergent(wrong);
        var failed = Report(fleet, campaigner, faults, audit, store, pulse) || codes.Count > 0;
        if (!failed && !options.Keep) Directory.Delete(folder, recursive: true);
        return failed ? 1 : 0;
    }

    private IHost Client(string place)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = folder });
        builder.Services.AddSingleton(new EffectLedger(Path.Combine(folder, "client.log"), "client"));      // asked for by nothing: clients run no effects
        builder.Services.AddDurable(durable => WorkerProgram.Register(durable, options.Store, place).WithoutWorker());
        return builder.Build();
    }

    private List<Fault> Faults(Fleet fleet, StorePlace store, CutProxy? proxy, Lanes lanes, Func<int> finished) => [.. options.Faults.Select(kind => kind switch
    {
        "kill" => (Fault)new KillFault(fleet, WasAtWork),
        "freeze" => new FreezeFault(fleet, lanes, WasAtWork, options.Lease),
        "cut" => new CutFault(proxy!),
        "restart" => new RestartFault(store, options.Lease),
        "terminate" => new TerminateFault(store.Place),
        "blackhole" => new BlackholeFault(proxy!),
        "connections" => new ConnectionsFault(store),
        "disk" => new DiskFault(fleet, store, options.Data),
        "refused" => new RefusedFault(fleet, store, WasAtWork),
        "snapshot" => new SnapshotFault(store.Place, finished),
        "term" => new TermFault(fleet, lanes, WasAtWork),
        "clocks" => new ClocksFault(fleet, WasAtWork, alone: options.Faults.Count == 1),
        _ => throw new FormatException($"--fault {kind} is not known."),
    })];

    private bool WasAtWork(string launch) => File.Exists(LedgerOf(launch)) && new FileInfo(LedgerOf(launch)).Length > 0;

    private string LedgerOf(string launch) => Path.Combine(folder, $"ledger-{launch}.log");

    private async Task WorkAsync(Fleet fleet, Campaigner campaigner, List<Fault> faults, CancellationToken abort)
    {
        using var safety = CancellationTokenSource.CreateLinkedTokenSource(abort);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(abort);
        var drivers = Task.WhenAll(Enumerable.Range(0, options.Load).Select(_ => Task.Run(() => campaigner.DriveAsync(safety.Token, giveUp.Token), CancellationToken.None)));
        await WarmUpAsync(safety.Token);
        await new Rota(faults, options.Seed, () => faults.Sum(fault => fault.Bites) >= options.Bites && (options.Groups == 1 || campaigner.Crossed >= options.Crossings)).RunAsync(TimeSpan.FromMinutes(options.Minutes), abort);
        await safety.CancelAsync();
        Say($"faults are over; {campaigner.Finished} runs finished, {campaigner.Open} open");
        await RestAsync(campaigner, drivers, abort);
        await giveUp.CancelAsync();
        await drivers;
    }

    // Faults before there is work would hit nothing, and on a slow machine there would never be any.
    private async Task WarmUpAsync(CancellationToken abort)
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!abort.IsCancellationRequested && Environment.TickCount64 < until && !Directory.EnumerateFiles(folder, "ledger-*.log").Any(path => new FileInfo(path).Length > 0))
            await Task.Delay(50, CancellationToken.None);
        Say("work has begun; breaking it");
    }

    // The liveness phase: nothing is broken any more, so everything has to finish. It is given up only when nothing moves.
    private async Task RestAsync(Campaigner campaigner, Task drivers, CancellationToken abort)
    {
        var since = Stopwatch.GetTimestamp();
        var seen = campaigner.Finished;
        var moved = since;
        while (!drivers.IsCompleted && !abort.IsCancellationRequested && Stopwatch.GetElapsedTime(moved) < Patience)
        {
            await Task.WhenAny(drivers, Task.Delay(200, CancellationToken.None));
            if (campaigner.Finished == seen) continue;
            (seen, moved) = (campaigner.Finished, Stopwatch.GetTimestamp());
        }

        Say($"at rest after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s, {campaigner.Open} open");
    }

    private bool Report(Fleet fleet, Campaigner campaigner, List<Fault> faults, Audit audit, StorePlace store, StorePulse pulse)
    {
        var violations = faults.SelectMany(fault => fault.Violations.Select(text => $"{fault.Kind}: {text}")).ToList();
        var deadlocks = store.CountInLog("deadlock detected");
        if (deadlocks > 0) violations.Add($"the server detected {deadlocks} deadlocks");
        foreach (var text in violations.Take(50)) Say($"VIOLATION {text}");
        foreach (var line in audit.Findings.Lines.Take(50)) Say(line);
        foreach (var (launch, code) in fleet.Deserters) Say($"DESERTED {launch} ended by itself with exit code {code}");
        foreach (var text in campaigner.Strange.Take(10)) Say($"STRANGE {text}");
        foreach (var errors in fleet.Log.Where(line => line.Level is "Error" or "Critical" || line.Id is 201 or 207 or 103).GroupBy(line => line.Id).OrderBy(group => group.Key))
            Say($"log {errors.Key}: {errors.Count()} times, as: {Short(errors.First().Text)}");
        var starved = fleet.Log.Count(line => line.Id == Pulse.Id);
        if (starved + pulse.Injuries.Count > 0) Say($"the machine: workers not run for a quarter of a lease {starved} times, the store slow or away {pulse.Injuries.Count} times");
        foreach (var fault in faults) Say($"{fault.Kind}: injected {fault.Tries}, bit {fault.Bites}{(fault.Details.Length > 0 ? $" ({fault.Details})" : "")}");
        if (options.Store == "postgres") Say($"server: deadlocks (40P01) {deadlocks}, serialization failures (40001) {store.CountInLog("could not serialize access")}");
        if (audit.Crossings is { } crossings) Say(crossings);
        Say(audit.Summary + $"; client calls repeated {campaigner.Repeats}");
        var blunt = faults.Where(fault => fault.Bites == 0).Select(fault => fault.Kind).ToList();
        if (blunt.Count > 0) Say($"VACUOUS {string.Join(", ", blunt)} never bit");
        var f = audit.Findings;
        report.WriteLine(string.Create(CultureInfo.InvariantCulture, $"CHAOS faults={faults.Sum(fault => fault.Bites)} runs={audit.Runs} lost={f.Lost} stuck={f.Stuck} divergent={f.Divergent} doubled={f.Doubled}"));
        return f.Any || violations.Count > 0 || blunt.Count > 0 || !fleet.Deserters.IsEmpty || campaigner.Strange.Count > 0;
    }

    private void Say(string text) => report.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {text}"));

    private static string Short(string text) => text.Length > 300 ? text[..300] : text;
}
