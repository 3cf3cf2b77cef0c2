// One seed from beginning to end: a world under faults, then the same world without any, then the checks.
using Durable.Engine.Client;
using Durable.Engine.History;
using Microsoft.Extensions.Logging;

namespace Durable.Simulation;

/// <summary>What became of a seed.</summary>
internal sealed record SeedResult(ulong Seed, ulong Hash, IReadOnlyDictionary<string, int> Faults, IReadOnlyList<string> Violations, IReadOnlyList<string> Trace, int Events, int Runs, int Executions, IReadOnlyList<int> Rules, IReadOnlyList<string> Kinds)
{
    public bool IsClean => Violations.Count == 0;
}

/// <summary>Runs seeds.</summary>
internal sealed class Simulation
{
    private static readonly TimeSpan Release = TimeSpan.FromSeconds(15);       // several leases, each with the patience of a reaper that was cut off
    private static readonly TimeSpan Farthest = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Due = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Liveness = TimeSpan.FromSeconds(400);
    private readonly World world;
    private readonly Profile profile;
    private readonly SimDatabase database;
    private readonly Ledger ledger;
    private readonly SimLog log;
    private readonly SimWorker?[] workers;
    private readonly List<(SimProcess Process, SimClient Client)> clients = [];
    private readonly WakeUpBoard board = new();
    private readonly SharedIds ids = new();
    private readonly Dictionary<Storage.ReadyKey, long> dueSince = [];
    private readonly PlanMaker plans;
    private readonly Canonical? story;
    private int processes;
    private bool allDone;

    private Simulation(ulong seed, bool quiet, bool tracing, SimDatabase database, Canonical? story = null)
    {
        world = new World(seed, tracing);
        this.story = story;
        profile = story is null ? Profile.Of(world.Random, quiet, Profile.IsGrouped(seed)) : Profile.Still();
        this.database = database;
        database.Attach(world, profile.Groups);
        database.KeepsJournal = profile.FailoverEvery > 0;
        ledger = new Ledger(world, database, profile);
        log = new SimLog(world, id => profile.TwoBuilds || (profile.PoisonEvery > 0 && database.EverPoisoned.Contains(id)));
        plans = new PlanMaker(world.Random, profile);
        workers = new SimWorker?[profile.Workers];
    }

    /// <summary>Runs one seed.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="tracing">True: the last lines of what happened are kept.</param>
    /// <param name="database">A database with a broken rule, or null.</param>
    /// <param name="quiet">True: no faults.</param>
    public static SeedResult Run(ulong seed, bool tracing = false, SimDatabase? database = null, bool quiet = false)
    {
        return Run(new Simulation(seed, quiet, tracing, database ?? new SimDatabase()));
    }

    /// <summary>Runs one canonical workflow in a world where nothing else happens.</summary>
    public static SeedResult Tell(Canonical story, SimDatabase database) => Run(new Simulation(1, quiet: true, tracing: false, database, story));

    private static SeedResult Run(Simulation simulation)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);        // a test runner's would take awaits to other threads
        try
        {
            simulation.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        var world = simulation.world;
        return new SeedResult(world.Seed, world.Hash, world.Faults, world.Violations, [.. world.Lines], world.Count, simulation.database.Judge.Runs.Count, simulation.ledger.Executions, world.Exercised, [.. simulation.profile.Kinds()]);
    }

    private void Run()
    {
        Killer.Arm(_ =>
        {
            if (world.Current is not { IsDead: false } host) return;
            world.Bit("a run killed its host");
            Crash(host);
        });
        for (var i = 0; i < workers.Length; i++) StartWorker(i, $"worker{i}", world.Random.Millis(0, 200));
        for (var i = 0; i < profile.Clients; i++) StartClient(i);
        StartOperator();
        StartPurger();
        StartFaults();
        world.Run(profile.Safety.Ticks, static () => false);
        Heal();
        Inspect();
        world.Schedule(null, Release + Release, CheckReleased);
        if (!world.Run((profile.Safety + Liveness).Ticks, () => allDone) && world.Violations.Count == 0) world.Violate($"I4: stuck {Liveness.TotalSeconds:0} s after the last fault: {Stuck()}");
        if (database.Judge.ByWorkflowId.GetValueOrDefault(Canonical.Id) is [.., var last]) database.EndOf = database.Judge.Runs[last].Close;
        if (world.Violations.Count == 0) new FinalCheck(world, database, profile, [.. clients.Select(one => one.Client)]).Run();
        world.Tally("executions repeated", ledger.Repeated);
        Killer.Arm(null);
    }

    private SimProcess NewProcess(string name)
    {
        var process = new SimProcess(world, name, ++processes);
        if (profile.ClockStepEvery > 0) process.Clock.Offset = world.Random.Millis(-3_000, 3_000);
        return process;
    }

    private SimConnection Connect(SimProcess process) => profile.WakeUps ? new WakingConnection(process, database, profile, profile.Crashes ? Crash : null, board) : new SimConnection(process, database, profile, profile.Crashes ? Crash : null);

    private void StartWorker(int slot, string identity, TimeSpan delay) => world.Schedule(null, delay, () =>
    {
        if (workers[slot] is { Process.IsDead: false }) return;
        var process = NewProcess($"{identity}.{processes}");
        var worker = workers[slot] = new SimWorker(process, Connect(process), profile, ledger, log, identity, profile.TwoBuilds && slot % 2 == 1, profile.Groups > 1 ? Crash : null);
        world.Note($"{process.Name} starts");
        worker.Start();
    });

    // In a process of its own, or in the first life of a worker.
    private void StartClient(int number)
    {
        var name = $"c{number}";
        var actions = Math.Max(1, profile.Actions / profile.Clients + 1);
        world.Schedule(null, world.Random.Millis(0, 400), () =>
        {
            var host = story is null && world.Random.Chance(0.4) ? workers[world.Random.Below(workers.Length)] : null;
            var process = host is { Process.IsDead: false } ? host.Process : NewProcess(name);
            var engine = process == host?.Process ? host.Client : Alone(process);
            var client = new SimClient(process, engine, plans, profile, ledger, ids, name);
            clients.Add((process, client));
            process.Machine.Queue(() => _ = story is null ? client.RunAsync(actions) : client.TellAsync(story));
        });
    }

    private EngineClient Alone(SimProcess process)
    {
        var services = SimWorker.Services(process, Connect(process), profile);
        var logger = log.CreateLogger("Durable");
        return new EngineClient(services, new NoLocalWorker(services, logger), logger, "default");
    }

    private void StartOperator()
    {
        var process = NewProcess("operator");
        var services = SimWorker.Services(process, new SimConnection(process, database, profile, null), profile);
        var logger = log.CreateLogger("Durable");
        var client = new SimClient(process, new EngineClient(services, new NoLocalWorker(services, logger), logger, "default"), plans, profile, ledger, ids, "operator");
        process.Machine.Queue(() => _ = client.SettleAsync());
        process.Machine.Queue(() => _ = client.OperateAsync(Held));
    }

    // Held runs go on once the faults are over; those that kill their hosts are ended.
    private IEnumerable<(string WorkflowId, Guid RunId, bool End)> Held() => !world.IsHealed ? [] :
        database.Tables.Runs.Values.Where(run => run.Wake is { Row.Hold: not 0 }).Select(run => (run.Start.WorkflowId, run.Id, End: profile.Killers && run.Status == RunStatus.Quarantined));

    private void StartFaults()
    {
        Now(profile.CrashEvery, () =>
        {
            if (Alive() is not { } worker) return;
            world.Bit("crash");
            Crash(worker.Process);
        });
        Now(profile.FreezeEvery, () =>
        {
            if (Alive() is not { Process.IsFrozen: false } worker) return;
            world.Bit("freeze");
            world.Note($"{worker.Process.Name} freezes");
            worker.Process.Freeze();
            world.Schedule(null, world.Random.Millis(50, profile.Lease.TotalMilliseconds * 3), () => Thaw(worker.Process));
        });
        Now(profile.ClockStepEvery, () =>
        {
            if (Alive() is not { } worker) return;
            world.Bit("clock step of a host");
            worker.Process.Clock.Offset = world.Random.Millis(-10_000, 10_000);
        });
        Now(profile.StoreStepEvery, () =>
        {
            if (database.Clock.Offset < -Farthest) return;
            world.Bit("clock step of the store");
            database.Clock.Offset -= world.Random.Chance(0.5) ? TimeSpan.FromSeconds(60) : world.Random.Millis(10, 20_000);
        });
        Now(profile.RestartEvery, Restart);
        Now(profile.FailoverEvery, FailOver);
        Now(profile.ClashEvery, Clash);
        Now(profile.OutageEvery, () =>
        {
            var group = world.Random.Below(profile.Groups);
            if (database.IsAway(1 << group)) return;
            world.Bit("outage of a group");
            database.Leave(group);
            world.Schedule(null, world.Random.Millis(20, 3_000), () => database.Return(group));
        });
        Now(profile.RefuseEvery, () =>
        {
            var id = world.Random.Chance(0.3) ? $"fixed{world.Random.Between(1, 2)}" : $"w{world.Random.Below(6)}";
            if (!database.Refusing.Add(id)) return;
            world.Schedule(null, world.Random.Millis(200, 5_000), () => database.Refusing.Remove(id));
        });
        Now(profile.PoisonEvery, () =>
        {
            var id = $"w{world.Random.Below(6)}";
            database.Poisoned.Add(id);
            database.EverPoisoned.Add(id);
        });
    }

    private void Now(double every, Action fault)
    {
        if (every <= 0) return;
        world.Schedule(null, world.Random.Millis(0, every * 2), () =>
        {
            if (world.IsHealed) return;
            fault();
            Now(every, fault);
        });
    }

    private SimWorker? Alive() => workers[world.Random.Below(workers.Length)] is { Process.IsDead: false } worker ? worker : null;

    private void Thaw(SimProcess process)
    {
        if (process.IsDead || !process.IsFrozen) return;
        world.Note($"{process.Name} thaws");
        process.Thaw();
    }

    // Dead at once; back after a while under its own or another name.
    private void Crash(SimProcess process)
    {
        if (process.IsDead) return;
        process.Kill();
        var slot = Array.FindIndex(workers, worker => worker?.Process == process);
        if (slot < 0) return;
        var identity = profile.KeepsNames || world.Random.Chance(0.6) ? workers[slot]!.Identity : $"worker{slot}x{processes}";
        StartWorker(slot, identity, profile.KeepsNames || world.Random.Chance(0.4) ? world.Random.Millis(0, 60) : world.Random.Millis(0, 4_000));
    }

    private void Restart()
    {
        var slot = world.Random.Below(workers.Length);
        if (workers[slot] is not { Process: { IsDead: false, IsFrozen: false }, IsStopping: false } worker) return;
        world.Bit("graceful restart");
        world.Note($"{worker.Process.Name} stops");
        worker.Stop(() => StartWorker(slot, worker.Identity, world.Random.Millis(0, 500)));
    }

    // Everything under way dies with the old primary; the standby may miss the last writes.
    private void FailOver()
    {
        var lost = world.Random.Pick([0, 1, 2, 5, 20, 60]);
        world.Bit(lost == 0 ? "failover" : "failover that lost writes");
        if (world.Random.Chance(0.3)) database.Clock.Offset -= world.Random.Millis(0, 2_000);
        database.FailOver(lost);
        if (lost > 0) ledger.Forget();
    }

    private void StartPurger()
    {
        if (profile.Retention is not { } retention) return;
        var process = NewProcess("purger");
        var connection = new SimConnection(process, database, profile, null);
        process.Machine.Queue(() => _ = PurgeAsync());

        async Task PurgeAsync()
        {
            while (true)
            {
                await Task.Delay(world.Random.Millis(100, 900), process.Clock);
                try
                {
                    var before = database.Clock.GetUtcNow() - retention;
                    await connection.PurgeAsync(new Storage.PurgeRequest(before, null, 1 + world.Random.Below(20), before - profile.Lease * 3));
                }
                catch (DurableException error) when (error.Code is DurableErrorCodes.StoreUnavailable or DurableErrorCodes.CommitInDoubt)
                {
                    world.Note($"purge: {error.Code}");
                }
            }
        }
    }

    // A second live host under the name of another one.
    private void Clash()
    {
        if (workers.Length < 2) return;
        var slot = world.Random.Below(workers.Length);
        if (workers[slot] is not { Process.IsDead: false } worker || workers[(slot + 1) % workers.Length] is not { Process.IsDead: false } other || other.Identity == worker.Identity) return;
        world.Bit("two hosts of one name");
        worker.Process.Kill();
        StartWorker(slot, other.Identity, TimeSpan.Zero);
    }

    private void Heal()
    {
        world.Note($"---- the faults are over ----");
        world.IsHealed = true;
        database.Poisoned.Clear();
        database.Refusing.Clear();
        for (var group = 0; group < profile.Groups; group++) database.Return(group);
        for (var i = 0; i < workers.Length; i++)
        {
            if (workers[i] is not { } worker) continue;
            Thaw(worker.Process);
            if (worker.Process.IsDead) StartWorker(i, worker.Identity, world.Random.Millis(0, 300));
        }
    }

    // Every 200 ms of the liveness phase: is everything that was begun at its end?
    private void Inspect() => world.Schedule(null, TimeSpan.FromMilliseconds(200), () =>
    {
        allDone = clients.Count == profile.Clients && clients.All(one => one.Process.IsDead || database.LostAt > 0 || (one.Client.IsDone && !one.Client.IsWaiting)) && Open().Count == 0 && database.Tables.Notices.Count == 0 && database.Tables.Outgoing.Count == 0;
        CheckDue();
        Inspect();
    });

    // P4, S5: what is due at once is taken, whatever the clocks say.
    private void CheckDue()
    {
        foreach (var key in database.Tables.AsapWakes)
        {
            if (!dueSince.TryGetValue(key, out var since)) dueSince[key] = world.Now;
            else if (world.Now - since > Due.Ticks) world.Violate($"P4: {database.Judge.Name(key.RunId)} is due at once since more than {Due.TotalSeconds:0} s without a fault, and nobody takes it");
        }
    }

    // P4: whatever the clocks say, runs of a dead host move on within a few leases.
    private void CheckReleased()
    {
        foreach (var lane in database.Tables.Lanes.Values.Where(lane => lane.Owned.Count > 0 && lane.Holder is { } holder && database.Holders[holder] is { IsDead: true } process && world.Now - process.DiedAt > Release.Ticks))
            world.Violate($"P4: {lane.Identity} is dead since more than {Release.TotalSeconds:0} s without a fault, and still owns {string.Join(' ', lane.Owned.Select(database.Judge.Name))}");
        world.Schedule(null, TimeSpan.FromSeconds(5), CheckReleased);
    }

    private List<Storage.MemoryRun> Open() => [.. database.Tables.Runs.Values.Where(run => !RunLifecycle.IsClosed(run.Status))];

    private string Stuck() => string.Join("; ", Open().Take(4).Select(run =>
            $"{run.Start.WorkflowId} {run.Status} gen {run.Gen} {(run.Owner is { } owner ? $"owned by {owner.Lane.Identity}" : run.Wake is { } wake ? $"parked hold {wake.Row.Hold} asap {wake.Row.Asap} due {wake.Row.DueAt:O} waits {wake.Row.WaitReason}" : "without token")}, {run.Tasks.Count} tasks")
        .Concat(clients.Where(one => !one.Process.IsDead && (!one.Client.IsDone || one.Client.IsWaiting)).Select(one => $"client in {one.Process.Name} waits")).Append($"{database.Tables.Notices.Count} notices, {database.Tables.Outgoing.Count} rows for other groups"));
}
