// The invariants that are checked while things happen (RELIABILITY §3.3): every accepted batch, every open, every delivery.
using System.Text;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Watches the database from beside it.</summary>
internal sealed class Judge(World world, SimDatabase database, HashSet<(Guid Run, int Gen, int Ordinal)> everKnown)
{
    private readonly Dictionary<long, (long Epoch, Guid Holder)> lanes = [];
    private readonly Dictionary<(Guid Run, Guid Sender), SortedDictionary<long, (long SentAt, long StoredAt)>> waiting = [];
    private readonly HashSet<(long Lane, Guid Holder)> lost = [];
    private CrossingJudge? crossing;

    /// <summary>What goes from group to group.</summary>
    public CrossingJudge Crossing => crossing ??= new CrossingJudge(world, this);

    public Dictionary<Guid, ShadowRun> Runs { get; } = [];

    /// <summary>Run ids by workflow id, in the order of their acceptance.</summary>
    public Dictionary<string, List<Guid>> ByWorkflowId { get; } = [];

    /// <summary>I2: tokens strictly increase; nobody takes a name back that another live holder took from him.</summary>
    public void Opened(OpenLane request, Guid? holder, OpenedLane? opened)
    {
        world.Note($"  store: open {request.Lane.Identity} takeover={request.Takeover} -> {(opened is null ? "no" : $"e{opened.Epoch} #{opened.CommitSeq} owns {opened.Owned.Count}")}");
        if (opened is null) return;
        var id = request.Lane.LaneId;
        if (lanes.TryGetValue(id, out var before))
        {
            if (opened.Epoch <= before.Epoch) world.Violate($"I2: lane {request.Lane.Identity} was opened at epoch {opened.Epoch} after {before.Epoch}");
            if (before.Holder != request.Lane.Holder) lost.Add((id, before.Holder));
            if (holder is not null && holder != request.Lane.Holder && lost.Contains((id, request.Lane.Holder))) world.Violate($"I2: {request.Lane.Identity} took its name back from the holder that had taken it");
        }

        lanes[id] = (opened.Epoch, request.Lane.Holder);
    }

    /// <summary>Runs of a batch that its lane does not own, as the tables say before it is applied.</summary>
    public List<Guid> Strangers(LaneBatch batch)
    {
        var own = batch.Starts.Concat(batch.Children).Where(start => start.Owned).Select(start => start.RunId).ToHashSet();
        var touched = batch.Events.Select(row => row.RunId).Concat(batch.Parks.Select(row => row.RunId)).Concat(batch.Closes.Select(row => row.RunId))
            .Concat(batch.Updates.Select(row => row.RunId)).Concat(batch.Consumed.Select(row => row.RunId)).Concat(batch.Tasks.Select(row => row.RunId));
        return [.. touched.Distinct().Where(run => !own.Contains(run) && !(database.Tables.Runs.TryGetValue(run, out var row) && row.Owner?.Lane.Id == batch.Lane.LaneId))];
    }

    /// <summary>A batch was accepted.</summary>
    public void Committed(LaneBatch batch, CommitResult result, List<Guid> strangers)
    {
        if (lanes.TryGetValue(batch.Lane.LaneId, out var lane) && (lane.Epoch != batch.Epoch || lane.Holder != batch.Lane.Holder))
            world.Violate($"I2: a batch of {batch.Lane.Identity} at epoch {batch.Epoch} was accepted after epoch {lane.Epoch} was given out");
        foreach (var run in strangers) world.Violate($"I2: a batch of {batch.Lane.Identity} wrote {Name(run)}, which it does not own");
        if (result.Error is { } alarm) world.Violate($"counts do not fit: {alarm}");
        foreach (var start in batch.Starts.Concat(batch.Children))
            if (!result.Refused.Contains(start.RunId)) Started(start, batch.Closes);
        foreach (var row in batch.Events) Append(row);
        foreach (var row in batch.Outgoing) Crossing.Sent(row);
        foreach (var message in batch.Sends) Store(message, world.NextOrder());
        foreach (var key in batch.Consumed)
        {
            Crossing.Consumed(key, HasConsumed(key));
            Removed(key);
        }

        foreach (var close in batch.Closes) Close(close);
        foreach (var claimed in result.Claimed)
            if (Runs.TryGetValue(claimed.RunId, out var run) && run.Close is not null) world.Violate($"a closed run was claimed: {Name(claimed.RunId)}");
    }

    /// <summary>Messages and starts of a client, another lane or a task were stored.</summary>
    public void Delivered(Delivery delivery, DeliverResult result, long sentAt)
    {
        foreach (var start in delivery.Starts.Zip(result.Starts).Where(one => one.Second.Started)) Started(start.First, []);
        foreach (var message in delivery.Messages) Crossing.Delivered(message);
        foreach (var message in delivery.Messages.Zip(result.Accepted).Where(one => one.Second)) Store(message.First, sentAt);
        world.Note($"  store: delivered {string.Join(", ", delivery.Messages.Select(message => $"{(EventKind)message.Kind} {message.SenderSeq} to {Name(message.RunId)} {(message.ReplyOrdinal > 0 ? $"for {message.ReplyGen}.{message.ReplyOrdinal}" : "")}"))} {string.Join(", ", delivery.Starts.Zip(result.Starts).Select(one => $"start {one.First.WorkflowId}: {one.Second.Started}"))}");
    }

    /// <summary>P4: only the attempt that holds a task ends it, and it ends once.</summary>
    public void TasksEnded(IReadOnlyList<TaskEnd> ends, IReadOnlyList<bool> accepted, IReadOnlyList<bool> held)
    {
        for (var i = 0; i < ends.Count; i++)
        {
            if (accepted[i] && !held[i]) world.Violate($"P4: the result of a superseded attempt of {ends[i].Task.TaskNo} of {Name(ends[i].Task.RunId)} was accepted");
            if (accepted[i] && ends[i].Message is { } message) Store(message, world.NextOrder());
            world.Note($"  store: task {ends[i].Task.TaskNo} of {Name(ends[i].Task.RunId)} ends: {accepted[i]}");
        }
    }

    /// <summary>True if the history that has been accepted so far holds the command.</summary>
    public bool Knows(Guid run, int gen, int ordinal) => (Runs.TryGetValue(run, out var shadow) && shadow.Commands.ContainsKey((gen, ordinal))) || everKnown.Contains((run, gen, ordinal));

    /// <summary>True if the call is a step: its owner runs it, and nobody claims it.</summary>
    public bool IsStep(string key, Guid run) => key.Split('/') is [_, var gen, var ordinal] && Runs.TryGetValue(run, out var shadow) && shadow.Commands.GetValueOrDefault((Number(gen), Number(ordinal))) == CommandKind.Step;

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>True if the history as it is now holds the command.</summary>
    public bool KnowsNow(Guid run, int gen, int ordinal) => Runs.TryGetValue(run, out var shadow) && shadow.Commands.ContainsKey((gen, ordinal));

    /// <summary>All commands that a history ever held, those included that a failover lost.</summary>
    public HashSet<(Guid Run, int Gen, int Ordinal)> EverKnown() => [.. everKnown, .. Runs.Values.SelectMany(run => run.Commands.Keys.Select(key => (run.Id, key.Gen, key.Ordinal)))];

    /// <summary>True if a history holds the message.</summary>
    public bool HasConsumed(MessageKey key) => Runs.TryGetValue(key.RunId, out var run) && run.Consumed.Contains((key.Sender, key.SenderSeq));

    /// <summary>Signals that the history of a run holds, over all its generations.</summary>
    public int Signals(Guid run) => Runs.TryGetValue(run, out var shadow) ? shadow.Signals : 0;

    /// <summary>I12: a purge takes nothing but closed runs.</summary>
    public void Purged()
    {
        // A lane that is purged (X2) begins again at epoch 1; the holder tells its batches from those of the incarnation before (decision 6).
        foreach (var gone in lanes.Keys.Where(id => !database.Tables.Lanes.ContainsKey(id)).ToList()) lanes[gone] = (0, Guid.Empty);
        foreach (var (id, runs) in ByWorkflowId)
        {
            foreach (var run in runs.Where(run => !database.Tables.Runs.ContainsKey(run)).ToList())
            {
                if (Of(run).Close is null) world.Violate($"I12: the open run {run} of {id} was purged");
                Of(run).IsPurged = true;
                runs.Remove(run);
            }
        }
    }

    /// <summary>Names a run for people.</summary>
    public string Name(Guid run) => database.Tables.Runs.TryGetValue(run, out var row) ? row.Start.WorkflowId : run.ToString("N")[..8];

    /// <summary>A batch in one line.</summary>
    public string Describe(LaneBatch batch, CommitResult result)
    {
        var text = new StringBuilder();
        foreach (var start in batch.Starts.Concat(batch.Children)) text.Append($" +{start.WorkflowId}{(result.Refused.Contains(start.RunId) ? "(refused)" : "")}");
        foreach (var row in batch.Events) text.Append($" {Name(row.RunId)}[{row.Gen}.{row.Seq} {(EventKind)row.Kind} {(row.Ordinal > 0 ? row.Ordinal : "")}]");
        var recorded = batch.Events.Select(row => (row.RunId, row.Sender, row.SenderSeq)).ToHashSet();
        foreach (var key in batch.Consumed.Where(key => !recorded.Contains((key.RunId, key.Sender, key.SenderSeq)))) text.Append($" drop {key.SenderSeq} of {Name(key.RunId)}");
        foreach (var park in batch.Parks) text.Append($" park {Name(park.RunId)}{(park.Asap ? " asap" : "")}{(park.Hold != 0 ? " held" : "")}");
        foreach (var close in batch.Closes) text.Append($" close {Name(close.RunId)} {close.Status}");
        foreach (var task in batch.Tasks) text.Append($" task {Name(task.RunId)}#{task.TaskNo}");
        foreach (var message in batch.Sends) text.Append($" {(EventKind)message.Kind} to {Name(message.RunId)}");
        foreach (var row in batch.Outgoing) text.Append($" {(EventKind)row.Message.Kind} {row.Message.SenderSeq} across to {Name(row.Message.RunId)}");
        foreach (var key in batch.Forwarded) text.Append($" forwarded {key.Seq}");
        if (batch.Claims.Count > 0) text.Append($" claims {string.Join(' ', batch.Claims.Select(Name))} got {string.Join(' ', result.Claimed.Select(run => Name(run.RunId)))}");
        return text.ToString();
    }

    private ShadowRun Of(Guid run)
    {
        if (!Runs.TryGetValue(run, out var shadow)) Runs[run] = shadow = new ShadowRun(run);
        return shadow;
    }

    // N1, N2: one open run of an id at a time, and none after one that the gate forbids.
    private void Started(StartRecord start, IReadOnlyList<CloseRecord> closing)
    {
        if (Runs.ContainsKey(start.RunId) && ByWorkflowId.TryGetValue(start.WorkflowId, out var known) && known.Contains(start.RunId)) return;
        if (!ByWorkflowId.TryGetValue(start.WorkflowId, out var runs)) ByWorkflowId[start.WorkflowId] = runs = [];
        if (runs.Count > 0)
        {
            world.Exercise(Rule.N2Next);
            var last = Of(runs[^1]).Close?.Status ?? closing.FirstOrDefault(close => close.RunId == runs[^1])?.Status;      // closes come first in a batch
            if (last is null) world.Violate($"two open runs of the id {start.WorkflowId}");
            else if (start.Gate == StartGate.Never || (start.Gate == StartGate.OnlyFailed && last == RunStatus.Completed)) world.Violate($"a run of {start.WorkflowId} was started although the policy refuses it after one that is {last}");
        }

        runs.Add(start.RunId);
        Of(start.RunId);
        if (start.FirstEvent is { } first) Append(first);
    }

    // I1, I5, I6, I9 for one row.
    private void Append(EventRecord row)
    {
        var run = Of(row.RunId);
        var where = $"{Name(row.RunId)} {row.Gen}.{row.Seq} {(EventKind)row.Kind}";
        if (run.Close is not null) world.Violate($"I1: {where} was added to a closed run");
        if (row.Gen == run.Generation + 1) run.Generations.Add([]);
        if (row.Gen != run.Generation || row.Seq != run.Generations[^1].Count)
        {
            world.Violate($"I1: {where} was added where {run.Generation}.{run.Generations[^1].Count} is next");
            return;
        }

        var rows = run.Generations[^1];
        if (rows.Count > 0 && row.At < rows[^1].At) world.Violate($"I1: {where} is older than the row before it");
        rows.Add(new ShadowRow(row.Kind, row.Ordinal, row.Sender, row.SenderSeq, row.At, row.Crc));
        if (row.Sender != Guid.Empty && row.Kind != (short)EventKind.MessageCarried) Consume(run, row, where);
        Settle(run, row, where);
        run.Learn(row);
        if ((EventKind)row.Kind == EventKind.SignalReceived) run.Signals++;
        if ((EventKind)row.Kind == EventKind.UpdateReceived) run.Updates++;
        if ((EventKind)row.Kind is EventKind.SignalReceived or EventKind.MailReceived or EventKind.UpdateReceived && row.Payload is { } payload) run.Contents.Add(Encoding.UTF8.GetString(payload));
    }

    private void Consume(ShadowRun run, EventRecord row, string where)
    {
        if (!run.Consumed.Add((row.Sender, row.SenderSeq))) world.Violate($"I5: message {row.SenderSeq} was recorded twice ({where})");
        Crossing.Recorded(row, where);
        if (!waiting.TryGetValue((row.RunId, row.Sender), out var queue) || !queue.TryGetValue(row.SenderSeq, out var mine)) return;
        foreach (var (seq, earlier) in queue)
        {
            if (seq >= row.SenderSeq || (EventKind)row.Kind is EventKind.Terminated or EventKind.Resumed or EventKind.TimedOut) break;        // an operator's word does not wait in line
            if (earlier.StoredAt < mine.SentAt) world.Violate($"I5: message {row.SenderSeq} was consumed before {seq}, which had been stored before it was sent ({where})");
        }

        queue.Remove(row.SenderSeq);
        world.Exercise(Rule.D4, queue.Count > 0);
    }

    private void Settle(ShadowRun run, EventRecord row, string where)
    {
        if (!EventKinds.IsReply((EventKind)row.Kind) || (EventKind)row.Kind is EventKind.ChildStarted) return;
        var key = (row.Gen, row.Ordinal);
        if (!run.Settled.Add(key)) world.Violate($"I9: command {row.Ordinal} has a second outcome ({where})");
        if (!run.Commands.ContainsKey(key)) world.Violate($"I1: {where} answers command {row.Ordinal}, which the history does not hold");
        if (row.Kind != (short)EventKind.TimerFired) return;
        var due = run.Timers.GetValueOrDefault(key);
        if (database.Clock.Latest < due || row.At < due) world.Violate($"I6: {where} is early: due {due:O}, the store's clock has been at {database.Clock.Latest:O} at most, the row says {row.At:O}");
    }

    private void Store(MessageRecord message, long sentAt)
    {
        if (!message.Notice) return;
        if (!waiting.TryGetValue((message.RunId, message.Sender), out var queue)) waiting[(message.RunId, message.Sender)] = queue = [];
        if (!Of(message.RunId).Consumed.Contains((message.Sender, message.SenderSeq))) queue.TryAdd(message.SenderSeq, (sentAt, world.NextOrder()));
    }

    private void Removed(MessageKey key)
    {
        if (waiting.TryGetValue((key.RunId, key.Sender), out var queue)) queue.Remove(key.SenderSeq);
    }

    private void Close(CloseRecord close)
    {
        var run = Of(close.RunId);
        if (run.Close is not null) world.Violate($"I3: {Name(close.RunId)} ended twice: {run.Close.Status}, {close.Status}");
        run.Close = close;
    }
}
