// A client of the simulation: real verbs of the real client, and a log of what it was told.
using Durable.Engine.Client;

namespace Durable.Simulation;

/// <summary>What a client was told about one message.</summary>
internal sealed record Told(string WorkflowId, Guid? RunId, string Content, bool Accepted, long At);

/// <summary>Starts runs and sends them mail until it has done its share.</summary>
internal sealed class SimClient(SimProcess process, EngineClient client, PlanMaker plans, Profile profile, Ledger ledger, SharedIds ids, string name)
{
    private readonly List<(string WorkflowId, Guid? RunId)> known = [];
    private string? from;
    private int notes;
    private int under;
    private Task updating = Task.CompletedTask;

    /// <summary>Starts that it was told are stored.</summary>
    public List<(string WorkflowId, Guid RunId, long At)> Started { get; } = [];

    /// <summary>Messages with a certain answer.</summary>
    public List<Told> Mail { get; } = [];

    /// <summary>True once it has nothing left to do.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Answers that it still waits for.</summary>
    public bool IsWaiting => under > 0;

    private World World => process.World;

    private SimRandom Random => process.World.Random;

    /// <summary>Does so many things, with pauses.</summary>
    public async Task RunAsync(int actions)
    {
        for (var i = 0; i < actions; i++)
        {
            await Task.Delay(Random.Millis(0, profile.ClientPause), process.Clock);
            var dice = Random.Below(100);
            if (known.Count == 0 || dice < 35) await StartAsync();
            else if (dice < 45) await StartAgainAsync();
            else if (dice < 50) await SignalWithStartAsync();
            else if (dice < 66) await MailAsync("signal", static (run, note) => run.SignalAsync(w => w.Poke(note)));
            else if (dice < 72) await MailAsync("slow signal", (run, note) => run.SignalAsync(Slowly(note)));
            else if (dice < 86) await MailAsync("item", (run, note) => run.SendAsync(w => w.Inbox, note));
            else if (dice < 91) updating = UpdateAsync();
            else if (dice < 94) await ReadAsync();
            else if (dice < 97) await OrderAsync("cancel", run => run.CancelAsync("The client says so."));
            else await OrderAsync("terminate", run => run.TerminateAsync("The client says so."));
        }

        IsDone = true;
    }

    /// <summary>Starts a canonical workflow and sends it what it waits for.</summary>
    public async Task TellAsync(Canonical story)
    {
        RunHandle<SimWorkflow, string>? run = null;
        var since = World.Now;
        await TryAsync("start", async () => run = await client.StartAsync((SimWorkflow w) => w.RunAsync(story.Plan, null), new StartOptions { Id = Canonical.Id }));
        Remember(Canonical.Id, run!.RunId, since);
        for (var i = 1; i <= story.Signals; i++) await TellAsync("signal", i, note => run.SignalAsync(w => w.Poke(note)));
        for (var i = 1; i <= story.Items; i++) await TellAsync("item", i, note => run.SendAsync(w => w.Inbox, note));
        IsDone = true;
    }

    private async Task TellAsync(string what, int number, Func<Note, Task> post)
    {
        var note = new Note($"{name}{what[0]}", number);
        var since = World.Now;
        if (await TryAsync(what, () => post(note)) == true) Mail.Add(new Told(Canonical.Id, null, Content(note), true, since));
    }

    /// <summary>Settles promises until the world ends.</summary>
    public async Task SettleAsync()
    {
        while (true)
        {
            await Task.Delay(Random.Millis(50, 300), process.Clock);
            if (ledger.NextPromise() is not { } promise) continue;
            if (await TryAsync("settle", () => Random.Chance(0.8) ? client.CompleteAsync(promise.Token, Random.Below(50)) : client.CompleteAsync(promise.Token, 1)) is not null) promise.IsSettled = true;
        }
    }

    /// <summary>Lets held runs go on, and ends those that kill their hosts.</summary>
    public async Task OperateAsync(Func<IEnumerable<(string WorkflowId, Guid RunId, bool End)>> held)
    {
        while (true)
        {
            await Task.Delay(Random.Millis(200, 600), process.Clock);
            foreach (var (workflowId, runId, end) in held().ToList())
                await TryAsync(end ? "terminate held" : "resume", () => end ? client.GetRun(workflowId, runId).TerminateAsync("held") : client.GetRun(workflowId, runId).ResumeAsync());
        }
    }

    private async Task StartAsync()
    {
        var id = ids.Next();
        var plan = plans.Make(id);
        if (profile.Killers && Random.Chance(0.15)) plan = plan with { Ops = [.. plan.Ops, new Op(OpKind.Kill)] };
        var options = new StartOptions
        {
            Id = id, Delay = Random.Chance(0.1) ? Random.Millis(10, 1_500) : null, Timeout = Random.Chance(0.05) ? Random.Millis(1_600, 5_000) : null, Priority = Random.Below(3),
        };
        await BeginAsync(id, plan, options);
    }

    // The same id again, with any policy: who comes second is refused, joins, or replaces.
    private Task StartAgainAsync()
    {
        var id = Random.Chance(0.3) ? $"fixed{Random.Between(1, 2)}" : known[Random.Below(known.Count)].WorkflowId;
        var options = new StartOptions { Id = id, IdReuse = Random.Pick(Enum.GetValues<IdReusePolicy>()), IdConflict = Random.Pick([IdConflictPolicy.Reject, IdConflictPolicy.UseExisting, IdConflictPolicy.TerminateExisting]) };
        return BeginAsync(id, plans.Make(id), options);
    }

    private async Task BeginAsync(string id, Plan plan, StartOptions options)
    {
        World.Note($"{process.Name} {name} starts {id} ({options.IdReuse}, {options.IdConflict})");
        RunHandle? handle = null;
        var since = World.Now;
        var told = await TryAsync("start", async () => handle = await client.StartAsync((SimWorkflow w) => w.RunAsync(plan, null), options));
        if (told == true && options.IdConflict == IdConflictPolicy.TerminateExisting) World.Exercise(Rule.Dec6Replaced);
        if (told == true) Remember(id, handle!.RunId, since);
        else if (told is null) known.Add((id, null));
    }

    private async Task SignalWithStartAsync()
    {
        var id = Random.Chance(0.5) ? known[Random.Below(known.Count)].WorkflowId : ids.Next();
        var plan = plans.Make(id);
        var note = NextNote();
        World.Note($"{process.Name} {name} signals {id} with start, {note}");
        RunHandle? handle = null;
        var since = World.Now;
        var told = await TryAsync("signal with start", async () => handle = await client.SignalWithStartAsync((SimWorkflow w) => w.RunAsync(plan, null), w => w.Poke(note), new StartOptions { Id = id }));
        if (told == true)
        {
            Remember(id, handle!.RunId, since);
            Mail.Add(new Told(id, handle.RunId, Content(note), true, since));
        }
        else if (told is null) NewSender();
    }

    // As of the call, not of its answer: what a failover loses may be acknowledged by an answer that was on its way.
    private void Remember(string id, Guid? runId, long since)
    {
        if (runId is not { } run) return;
        known.Add((id, run));
        Started.Add((id, run, since));
    }

    private async Task MailAsync(string what, Func<RunHandle<SimWorkflow>, Note, Task> post)
    {
        var (id, run) = known[Random.Below(known.Count)];
        var note = NextNote();
        World.Note($"{process.Name} {name} {what} {note} to {id}");
        var since = World.Now;
        var told = await TryAsync(what, () => post(client.GetRun<SimWorkflow>(id, run), note));
        if (told is { } accepted) Mail.Add(new Told(id, run, Content(note), accepted, since));
        else NewSender();
    }

    private async Task UpdateAsync()
    {
        var (id, run) = known[Random.Below(known.Count)];
        if (run is null) return;
        var note = new Note($"{name}u", ++notes);
        under++;
        World.Note($"{process.Name} {name} updates {id} with {note}");
        try
        {
            var options = new UpdateOptions { Id = $"{name}{note.Number}" };
            var (first, again) = (0, 0);
            var twice = Random.Chance(0.3) ? TryAsync("same update", async () => again = await client.GetRun<SimWorkflow>(id, run).UpdateAsync(w => w.AddAsync(note), options)) : null;
            var told = await TryAsync("update", async () => first = await client.GetRun<SimWorkflow>(id, run).UpdateAsync(w => w.AddAsync(note), options));
            if (twice is null || await twice != true || told != true) return;
            World.Exercise(Rule.Dec16Twice);
            if (first != again) World.Violate($"DECISIONS 16: update {options.Id} was answered with {first} and with {again}");
        }
        finally
        {
            under--;
        }
    }

    // A query tells what is committed, wherever it is answered.
    private async Task ReadAsync()
    {
        var (id, run) = known[Random.Below(known.Count)];
        if (run is not { } of) return;
        if (Random.Chance(0.3))
        {
            if (await TryAsync("explain", () => client.GetRun(id, run).ExplainAsync()) == true) World.Exercise(Rule.Dec19);
            return;
        }

        var signals = 0;
        if (await TryAsync("query", async () => signals = await client.GetRun<SimWorkflow>(id, run).QueryAsync(w => w.Signals)) != true) return;
        World.Exercise(Rule.Dec17);
        if (signals > ledger.SignalsOf(of)) World.Violate($"DECISIONS 17: a query of {id} told {signals} signals; its history holds {ledger.SignalsOf(of)}");
    }

    private async Task OrderAsync(string what, Func<RunHandle, Task> order)
    {
        var (id, run) = known[Random.Below(known.Count)];
        World.Note($"{process.Name} {name} {what}s {id}");
        await TryAsync(what, () => order(client.GetRun(id, run)));
    }

    // CS4014 does not know that the call in this expression is only read.
#pragma warning disable CS4014
    private static System.Linq.Expressions.Expression<Action<SimWorkflow>> Slowly(Note note) => w => w.PokeSlowly(note);
#pragma warning restore CS4014

    private Note NextNote() => new(from ?? name, ++notes);

    // What was sent under a name whose last message is in doubt may come after what is sent next: another name then.
    private void NewSender() => from = $"{name}{(char)('a' + notes % 26)}{notes}";

    private static string Content(Note note) => $"\"from\":\"{note.From}\",\"number\":{note.Number}}}";

    // True: done. False: refused for certain. Null: nobody knows.
    private async Task<bool?> TryAsync(string what, Func<Task> verb)
    {
        try
        {
            await verb();
            return true;
        }
        catch (DurableException error) when (error is RunNotFoundException or RunConflictException or UpdateRejectedException || (profile.TwoBuilds && error.Code == DurableErrorCodes.Diverged))
        {
            World.Note($"{process.Name} {name} {what}: {error.Code}");
            return false;
        }
        catch (DurableException error) when (error.Code is DurableErrorCodes.StoreUnavailable or DurableErrorCodes.CommitInDoubt)
        {
            World.Note($"{process.Name} {name} {what}: {error.Code}");
            return null;
        }
        catch (Exception error)
        {
            World.Violate($"a client's {what} threw {error.GetType().Name}: {error.Message}");
            return null;
        }
    }
}

/// <summary>Workflow ids that runs of one world may name: w0, w1, …</summary>
internal sealed class SharedIds
{
    private int next;

    public string Next() => $"w{next++}";
}
