// One store in a comparison: turns a number into a call and its answer into a text without times, tokens and ids.
namespace Durable.Storage.Contract;

/// <summary>Makes calls on one store. Two sessions that are told the same numbers make the same calls as long as their stores answer alike.</summary>
public sealed class ModelSession(StoreHarness harness, ModelWorld world)
{
    private static readonly string[] Builds = ["build-1", "build-2"];
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(20);      // it ends when the test lets time pass, never because a machine is slow

    private readonly Dictionary<string, TestLane> lanes = [];
    private readonly List<TaskRecord> taken = [];

    private IDurableStore Store => harness.Store;

    /// <summary>Makes the call that the number stands for, and tells what came of it.</summary>
    public async Task<string> ApplyAsync(int code)
    {
        var random = new Random(code);
        var run = world.Runs[random.Next(world.Runs.Count)];
        var identity = $"host-{random.Next(3)}";
        var what = random.Next(100);
        var name = $"{what} {identity} {world.Name(run.Id)}";
        if (what < 8 || !lanes.TryGetValue(identity, out var lane))
            return $"open {name}: {await OpenAsync(identity, takeover: random.Next(2) == 0)}";
        return what switch
        {
            < 20 => $"start {name}: {await StartAsync(run, random)}",
            < 28 => $"own {name}: {await OwnAsync(lane, run, random)}",
            < 42 => $"claim {name}: {await ClaimAsync(lane, random)}",
            < 52 => $"send {name}: {await SendAsync(run, random)}",
            < 70 => $"turn {name}: {await TurnAsync(lane, random)}",
            < 72 => $"park others' {name}: {await CommitAsync(lane, lane.Batch().Park(Make.Park(run)))}",
            < 74 => $"close others' {name}: {await CommitAsync(lane, lane.Batch().Close(run, RunStatus.Terminated))}",
            < 82 => $"tasks {name}: {await TasksAsync(run, random)}",
            < 88 => $"reap {name}: {await ReapAsync(lane, random)}",
            < 90 => $"leave {name}: {await LeaveAsync(lane)}",
            < 92 => $"purge {name}: {await PurgeAsync(run, random)}",
            < 94 => $"document {name}: {await DocumentAsync(run, random)}",
            < 96 => $"lease {name}: {await Store.TryLeaseAsync("l", world.Holders[random.Next(2)], TimeSpan.FromMinutes(30)) is not null}",
            < 98 => $"list {name}: {await ListAsync(random)}",
            _ => $"import {name}: {await ImportAsync(run, random)}",
        };
    }

    /// <summary>Everything that can be read of every run.</summary>
    public async Task<string> DumpAsync()
    {
        var lines = new List<string>();
        foreach (var run in world.Runs)
        {
            var (row, place) = (await Store.FindRunAsync(run.Namespace, null, run.Id), await Store.ReadPlacementAsync(run.Id));
            var events = await Store.ReadEventsAsync(run.Id, 0, 0, 1_000);
            var messages = (await Store.LoadAsync(new([run.Id], MessagesOnly: true))).SelectMany(loaded => loaded.Messages);
            var wake = place.Wake is { } w ? $"{w.Asap} {w.DueAt is null} {w.Hold} {string.Join('+', w.HoldBuilds ?? [])} {w.Gen}.{w.NextSeq} q={w.Queue} p={w.Priority} a={place.WakeAttempt}" : "none";
            lines.Add($"{world.Name(run.Id)}: {row?.Status} #{row?.Ordinal} gen {row?.Gen} closed {row?.ClosedAt is not null} wake {wake} owner {place.Owner} {place.OwnerAlive} {place.Attempt}"
                + $" tasks {string.Join(' ', place.Tasks.Select(Text).Order(StringComparer.Ordinal))} mail {string.Join(' ', messages.Select(mail => $"{mail.Sender.ToString()[..8]}.{mail.SenderSeq}"))}"
                + $" events {string.Join(' ', events.Select(row => $"{row.Gen}.{row.Seq}"))}");
        }
        lines.AddRange((await Store.ReadLanesAsync()).OrderBy(lane => lane.Identity, StringComparer.Ordinal).Select(lane => $"{lane.Identity} {lane.Alive} {lane.Owned}"));
        lines.Add($"depth {(await Store.ReadReadyDepthAsync()).Count}");
        return string.Join('\n', lines);
    }

    private static string Text(TaskRecord task) => $"t{task.TaskNo}({task.Token is not null} {task.Attempt} {task.LogicalAttempt})";

    private async Task<string> OpenAsync(string identity, bool takeover)
    {
        if (await TestLane.TryOpenAsync(Store, TestLane.NewKey(identity, Store), takeover, Lease) is not { } lane)
            return "taken";
        lanes[identity] = lane;
        return $"seq {lane.CommitSeq} owns {string.Join(' ', lane.Opened.Owned.Select(owned => $"{world.Name(owned.RunId)}({owned.Attempt} {owned.Gen}.{owned.NextSeq})").Order(StringComparer.Ordinal))}";
    }

    private async Task<string> StartAsync(TestRun run, Random random)
    {
        // A start is repeated while its run is the newest, not after another one has followed.
        if (await IsStoredAsync(run) && (await Store.FindRunAsync(run.Namespace, run.WorkflowId, null))!.RunId != run.Id)
            return "stored";
        var now = await NowAsync();
        var start = Make.Start(run, (StartGate)random.Next(3), random.Next(3) == 0 ? now.AddMinutes(30) : null, queue: random.Next(4) == 0 ? "big" : "", priority: random.Next(3));
        var result = (await Store.DeliverAsync(new([], [start]))).Starts[0];
        return $"{result.Started} {(result.Existing is { } existing ? world.Name(existing.RunId) : "")}";
    }

    /// <summary>A batch never starts a run id that is stored already: the engine makes them.</summary>
    private async Task<string> OwnAsync(TestLane lane, TestRun run, Random random) =>
        await IsStoredAsync(run) ? "stored" : await CommitAsync(lane, lane.Batch().Start(Make.OwnedStart(run, (StartGate)random.Next(3))));

    private async Task<string> ClaimAsync(TestLane lane, Random random)
    {
        var look = await lane.LookAsync(asBuild: Builds[random.Next(2)], serves: random.Next(3) == 0 ? ["Order@1"] : ["Order@1", "Invoice@1"], namespaces: random.Next(4) == 0 ? ["acme"] : null, queues: random.Next(4) == 0 ? [""] : null);
        var batch = lane.Batch();
        batch.Rows.Claims.AddRange(look.Claimable);
        return $"sees {world.Names(look.Claimable)} mail {world.Names(look.Mail)} next {look.NextDue is not null}: {await CommitAsync(lane, batch)}";
    }

    /// <summary>Mostly to the newest run of the id, now and then to one that may not exist or has closed.</summary>
    private async Task<string> SendAsync(TestRun run, Random random)
    {
        if (random.Next(6) > 0 && await Store.FindRunAsync(run.Namespace, run.WorkflowId, null) is { } newest)
            run = world.Runs.Single(run => run.Id == newest.RunId);
        var messages = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Make.Message(run, random.Next(1, 4), random.Next(1, 6), random.Next(4) == 0, random.Next(6) > 0)).DistinctBy(message => message.Key).ToList();
        return string.Join(' ', (await Store.DeliverAsync(new(messages, []))).Accepted);
    }

    /// <summary>Applies the mail of all runs of the lane, then parks, closes or rolls over some.</summary>
    private async Task<string> TurnAsync(TestLane lane, Random random)
    {
        var now = await NowAsync();
        var owned = new List<TestRun>();
        foreach (var run in world.Runs)
        {
            if ((await Store.ReadPlacementAsync(run.Id)).Owner == lane.Key.Identity)
                owned.Add(run);
        }
        var batch = lane.Batch();
        foreach (var loaded in (await Store.LoadAsync(new([.. owned.Select(run => run.Id)]))).OrderBy(loaded => world.Name(loaded.RunId), StringComparer.Ordinal))
        {
            var run = world.Runs.Single(run => run.Id == loaded.RunId);
            var (gen, next) = (loaded.Run!.Gen, loaded.Events.Count == 0 ? 0 : loaded.Events[^1].Seq + 1);
            foreach (var message in loaded.Messages)
                batch.Consume(run, message, next++, gen);
            Decide(batch, run, gen, next, now, random);
        }
        return await CommitAsync(lane, batch);
    }

    private static void Decide(BatchBuilder batch, TestRun run, int gen, int next, DateTimeOffset now, Random random)
    {
        switch (random.Next(11))
        {
            case 0:
                batch.Close(run, random.Next(2) == 0 ? RunStatus.Completed : RunStatus.Failed);
                break;
            case 1:
                batch.Park(Make.Park(run, next, gen: gen, dueAt: now.AddMinutes(30), priority: 2));
                break;
            case 2:
                var hold = (short)random.Next(1, 8);
                batch.Update(run, RunStatus.Stalled).Park(Make.Park(run, next, gen: gen, asap: true, hold: hold, holdBuilds: [Builds[random.Next(2)]]));
                break;
            case 3:
                batch.Park(Make.Park(run, next, gen: gen, asap: random.Next(2) == 0));
                break;
            case 4:
                batch.Update(run, RunStatus.Running, gen: gen + 1).Event(run, 0, gen + 1);
                break;
            case 5 or 6 or 7:
                batch.Task(Make.Task(run, 1_000 + random.Next(1_000_000), now.AddMinutes(random.Next(2) * 30), deadlineAt: random.Next(2) == 0 ? now.AddMinutes(90) : null));
                break;
            case 8:
                batch.Send(Make.Message(run, 9, random.Next(5)));
                break;
            default:
                batch.Event(run, next, gen);
                break;
        }
    }

    private async Task<string> TasksAsync(TestRun run, Random random)
    {
        var mail = Make.Message(run, 20, random.Next(1_000));
        switch (random.Next(5))
        {
            case 0 or 1:
                var claimed = await Store.ClaimTasksAsync(new(Store.Groups[0], [""], ["Charge"], 10));
                taken.AddRange(claimed.Tasks.OrderBy(task => world.Name(task.RunId), StringComparer.Ordinal).ThenBy(task => task.TaskNo));
                return $"took {string.Join(' ', claimed.Tasks.Select(task => world.Name(task.RunId) + Text(task)).Order(StringComparer.Ordinal))}";
            case 2:
                return "expired " + world.Names(await Store.ExpireTasksAsync(10, task => Message(task, mail.SenderSeq)));
            default:
                if (taken.Count == 0)
                    return "no task";
                var task = taken[random.Next(taken.Count)];
                if (random.Next(3) == 0)
                    return $"beat {string.Join(' ', await Store.HeartbeatTasksAsync([new(task.Key, task.Token!.Value, TimeSpan.FromMinutes(30), null)]))}";
                var end = new TaskEnd(task.Key, task.Token!.Value, random.Next(2) == 0 ? Message(task, mail.SenderSeq) : null, TimeSpan.FromMinutes(30), task.LogicalAttempt + 1);
                return $"ended {string.Join(' ', await Store.CompleteTasksAsync([end]))}";
        }
    }

    private static MessageRecord Message(TaskRecord task, long seq) => new()
    {
        RunId = task.RunId,
        Sender = Make.Sender(30),
        SenderSeq = (task.TaskNo * 1_000L) + seq,
        Kind = 1,
        Namespace = task.Namespace,
        Shard = task.Shard,
    };

    /// <summary>Time passes only here, by far more than a call takes, so that clocks of stores that do not stand still make no difference.</summary>
    private async Task<string> ReapAsync(TestLane lane, Random random)
    {
        await harness.AdvanceAsync(TimeSpan.FromMinutes(60));
        foreach (var beating in lanes.Values.Where(other => other == lane || random.Next(3) > 0).ToList())
            await beating.HeartbeatAsync();
        var result = await lane.ReapAsync(fence: random.Next(3) > 0);
        return $"fenced {result.Fenced} released {result.Released} swept {result.Swept} impossible {result.Impossible.Count}";
    }

    private static async Task<string> LeaveAsync(TestLane lane)
    {
        await lane.CloseAsync();
        return "left";
    }

    private async Task<string> PurgeAsync(TestRun run, Random random) => random.Next(2) == 0
        ? $"one {await Store.PurgeAsync(new(null, run.Id))}"
        : $"old {await Store.PurgeAsync(new((await NowAsync()).AddMinutes(-30), null))}";

    private async Task<string> DocumentAsync(TestRun run, Random random)
    {
        var (key, version) = ($"d{random.Next(2)}", random.Next(1, 4));
        var put = await Store.PutDocumentAsync(new(run.Namespace, "note", key, run.Shard, version, "{}"));
        return $"{put} {(await Store.FindDocumentAsync(run.Namespace, "note", key))?.Version}";
    }

    private async Task<string> ListAsync(Random random)
    {
        var query = Make.Query(random.Next(4) == 0 ? "acme" : "default", random.Next(2) == 0 ? "Order" : null, random.Next(2) == 0 ? [RunStatus.Pending, RunStatus.Completed] : null, prefix: random.Next(3) == 0 ? "w1" : null,
            after: random.Next(2) == 0 ? world.Runs[random.Next(world.Runs.Count)].Id : null, limit: random.Next(1, 6));
        var page = await Store.ListRunsAsync(query);
        return $"{string.Join(' ', page.Select(run => world.Name(run.RunId)))} of {await Store.CountRunsAsync(query)}";
    }

    private async Task<string> ImportAsync(TestRun run, Random random)
    {
        if (await IsStoredAsync(run))
            return "stored";
        var close = random.Next(2) == 0 ? Make.Close(run, RunStatus.Failed) : null;
        var result = await Store.ImportRunAsync(Make.Start(run, (StartGate)random.Next(3)), 1, 0, close, [Make.Event(run, 0), Make.Event(run, 0, 1), Make.Event(run, 1, 1)]);
        return $"{result.Started} {(result.Existing is { } existing ? world.Name(existing.RunId) : "")}";
    }

    private async Task<string> CommitAsync(TestLane lane, BatchBuilder batch)
    {
        var result = await Patient.SendAsync(() => batch.TryCommitAsync());
        if (result.Outcome == CommitOutcome.Refused)
            return $"refused, then {(await lane.ReadBackAsync() is { } back ? $"seq {back.CommitSeq} owns {world.Names(back.Owned.Select(run => run.RunId))}" : "lost")}";
        return result.Outcome == CommitOutcome.Committed
            ? $"committed, alarm {result.Error is not null}, refused {world.Names(result.Refused)}, claimed {string.Join(' ', result.Claimed.Select(owned => $"{world.Name(owned.RunId)}({owned.Attempt} {owned.Gen}.{owned.NextSeq})").Order(StringComparer.Ordinal))}"
            : $"{result.Outcome}";
    }

    private async Task<bool> IsStoredAsync(TestRun run) => await Store.FindRunAsync(run.Namespace, null, run.Id) is not null;

    private async Task<DateTimeOffset> NowAsync() => (await Store.LookAsync(Make.Look(TestLane.NewKey("clock", Store)))).Now;
}
