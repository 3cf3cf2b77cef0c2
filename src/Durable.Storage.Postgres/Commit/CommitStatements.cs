// The statements of a lane's batches with their parameter lists: made once for a lane's connection, filled and sent again and again.
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Turns a <see cref="LaneBatch"/> into the commands of one round trip (PROTOCOL §4.2). Not for use by two at a time.</summary>
internal sealed class CommitStatements
{
    private readonly PostgresOptions options;
    private readonly List<CommitStatement> used = [];
    private readonly List<StartRecord> sorted = [];
    private readonly List<TaskKey> sortedKeys = [];
    private readonly CommitLogRows log = new();

    private readonly EventColumns events = new(), firstEvents = new();
    private readonly StartColumns owned = new(), wake = new();
    private readonly RefusableColumns refusable = new();
    private readonly MessageColumns refusals = new(), sends = new(), letters = new();
    private readonly MessageKeyColumns notices = new(), messages = new();
    private readonly ParkColumns parks = new();
    private readonly UpdateColumns updates = new();
    private readonly CloseColumns closes = new();
    private readonly RunKeyColumns closedTasks = new(), closedNotices = new();
    private readonly TaskKeyColumns taskDeletes = new();
    private readonly TaskColumns tasks = new();
    private readonly RunIdColumn claims = new();
    private readonly DocumentColumns documents = new();
    private readonly TrimColumns trims = new();
    private readonly OwnShardColumn outgoingShards = new();
    private readonly MessageColumns outgoing = new();
    private readonly OutgoingKeyColumns forwarded = new();
    private readonly short[]? shards;

    // Where the engine spreads its tables the fence and its log row are two statements (decision 11).
    private readonly CommitStatement? logRow;
    private readonly NpgsqlParameter<long> logSeq = new() { NpgsqlDbType = NpgsqlDbType.Bigint };

    private readonly CommitStatement fence, renew, consumeNotice, consumeMessage, park, update, close, closeTasks, closeNotices, taskDelete, taskInsert, claim,
        startOwned, startWake, startRefused, append, send, letter, document, trim, outgo, forget;

    private readonly NpgsqlParameter<long> fenceLane = new() { NpgsqlDbType = NpgsqlDbType.Bigint }, fenceEpoch = new() { NpgsqlDbType = NpgsqlDbType.Bigint },
        fenceSeq = new() { NpgsqlDbType = NpgsqlDbType.Bigint }, renewSeq = new() { NpgsqlDbType = NpgsqlDbType.Bigint };
    private readonly NpgsqlParameter<short> fenceShard = new() { NpgsqlDbType = NpgsqlDbType.Smallint };
    private readonly NpgsqlParameter<Guid> fenceHolder = new() { NpgsqlDbType = NpgsqlDbType.Uuid };
    private readonly NpgsqlParameter<TimeSpan> renewLease = new() { NpgsqlDbType = NpgsqlDbType.Interval }, renewEnough = new() { NpgsqlDbType = NpgsqlDbType.Interval };
    private readonly NpgsqlParameter fenceRuns = new() { NpgsqlDbType = NpgsqlDbType.Bytea };

    /// <param name="options">Options in force.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="shards">The shards of its group, where the engine spreads its tables, else null.</param>
    /// <param name="through">True: they go through the engine's coordinator.</param>
    public CommitStatements(PostgresOptions options, LaneKey lane, short[]? shards = null, bool through = false)
    {
        this.shards = shards;
        this.options = options;
        Begin = new NpgsqlBatchCommand("begin isolation level " + options.Variant.Isolation);
        Clock = new NpgsqlBatchCommand(shards is null ? "select clock_timestamp()" : "select now()");
        fenceLane.TypedValue = lane.LaneId;
        fenceShard.TypedValue = lane.Group.HomeShard;
        if (shards is null) fence = Make("CommitFence", CommitResultKind.None, [fenceLane, fenceShard, fenceEpoch, fenceSeq, fenceRuns, fenceHolder]);
        else
        {
            fence = Make("CommitFence", CommitResultKind.Ignored, [fenceLane, fenceShard, fenceEpoch, fenceSeq, fenceHolder]);
            logRow = Make("CommitLog", CommitResultKind.None, [PgBatch.Long(lane.LaneId), logSeq, PgBatch.Short(lane.Group.HomeShard), fenceRuns]);
        }

        renew = Make("CommitRenew", CommitResultKind.None, [PgBatch.Long(lane.LaneId), PgBatch.Short(lane.Group.HomeShard), renewSeq, renewLease, renewEnough]);
        consumeNotice = Make("CommitConsume", CommitResultKind.None, [], notices);
        consumeMessage = Make("CommitConsumeMessage", CommitResultKind.None, [], messages);
        park = Make("CommitPark", CommitResultKind.Counted, [PgBatch.Long(lane.LaneId)], parks);
        update = Make("CommitUpdate", CommitResultKind.Counted, [], updates);
        close = Make("CommitClose", CommitResultKind.Counted, [PgBatch.Long(lane.LaneId)], closes);
        closeTasks = Make("CommitCloseTasks", CommitResultKind.None, [PgBatch.Long(lane.LaneId)], closedTasks);
        closeNotices = Make("CommitCloseNotices", CommitResultKind.None, [PgBatch.Long(lane.LaneId)], closedNotices);
        taskDelete = Make("CommitTaskDelete", CommitResultKind.None, [], taskDeletes);
        taskInsert = MakeInsert("CommitTaskInsert", CommitResultKind.None, through, tasks);
        claim = Make("CommitClaim", CommitResultKind.Claims, [], claims);
        claim.Command.Parameters.Add(PgBatch.Long(lane.LaneId));
        startOwned = Make("CommitStartOwned", CommitResultKind.Starts, [], owned);
        startOwned.Command.Parameters.Add(PgBatch.Long(lane.LaneId));
        startOwned.Attach(firstEvents);
        startWake = Make("StartWake", CommitResultKind.Starts, [], wake);
        startRefused = Make("StartRefused", CommitResultKind.None, [], refusable, refusals);
        append = MakeInsert("CommitAppend", CommitResultKind.Counted, through, events);
        send = Make("Deliver", CommitResultKind.Ignored, [], sends);
        letter = Make("DeliverLetters", CommitResultKind.None, [], letters);
        document = Make("CommitDocument", CommitResultKind.None, [], documents);
        trim = Make("CommitTrim", CommitResultKind.None, [], trims);
        outgo = Make("CommitOutgoing", CommitResultKind.None, [], outgoingShards, outgoing);
        forget = Make("OutgoingDelete", CommitResultKind.None, [], forwarded);
        foreach (var statement in (CommitStatement[])[consumeNotice, consumeMessage, park, update, close, closeTasks, closeNotices, taskDelete, claim, startOwned, startWake, startRefused, trim, forget]) NameShards(statement);
    }

    /// <summary>Begins the transaction.</summary>
    public NpgsqlBatchCommand Begin { get; }

    /// <summary>Behind <see cref="Begin"/>, in a transaction that nobody misses (L4).</summary>
    public NpgsqlBatchCommand ClaimsOnly { get; } = new("set local synchronous_commit = off");

    /// <summary>Reads the store's clock, last.</summary>
    public NpgsqlBatchCommand Clock { get; }

    /// <summary>Ends the transaction.</summary>
    public NpgsqlBatchCommand Commit { get; } = new("commit");

    /// <summary>The statements of the batch that was filled last.</summary>
    public List<CommitStatement> Used => used;

    /// <summary>The statements of the batch, fence first, in the order of locks. Only those that have rows.</summary>
    public List<CommitStatement> Fill(LaneBatch batch)
    {
        used.Clear();
        used.Add(fence);
        if (logRow is not null) used.Add(logRow);
        fenceEpoch.TypedValue = batch.Epoch;
        fenceSeq.TypedValue = batch.CommitSeq;
        logSeq.TypedValue = batch.CommitSeq;
        fenceHolder.TypedValue = batch.Lane.Holder;
        fenceRuns.Value = (object?)log.Pack(batch) ?? DBNull.Value;
        Renew(batch);
        Consume(batch);
        Use(park, parks, batch.Parks, static (set, row) => set.Add(row));
        Use(update, updates, batch.Updates, static (set, row) => set.Add(row));
        Close(batch);
        Tasks(batch);
        Use(claim, claims, batch.Claims, static (set, row) => set.Add(row));
        Start(batch);
        Use(append, events, batch.Events, static (set, row) => set.Add(row));
        Send(batch);
        Use(document, documents, batch.Documents, static (set, row) => set.Add(row));
        Use(trim, trims, batch.Trims, static (set, row) => set.Add(row));
        Outgo(batch);
        return used;
    }

    // Each version of the lane's row has to be read past while somebody holds a snapshot, so few are made (decision 27). Where a transaction reads what was there when it began,
    // whoever opens the lane must collide with a batch that it waited for: there every batch writes the row.
    private void Renew(LaneBatch batch)
    {
        renewSeq.TypedValue = batch.CommitSeq;
        renewLease.TypedValue = batch.Lease;
        renewEnough.TypedValue = options.Variant.Isolation == "read committed" ? batch.Lease * 0.75 : batch.Lease * 2;
        used.Add(renew);
    }

    private void Consume(LaneBatch batch)
    {
        Use(consumeNotice, notices, batch.Consumed, static (set, row) => set.Add(row));
        Use(consumeMessage, messages, batch.Consumed, static (set, row) => set.Add(row));
    }

    private void Close(LaneBatch batch)
    {
        closedTasks.Clear();
        closedNotices.Clear();
        foreach (var end in batch.Closes)
        {
            if (!end.MayHaveRows) continue;
            closedTasks.Add(end.RunId, end.Shard);
            closedNotices.Add(end.RunId, end.Shard);
        }

        UseIfAny(closeTasks, closedTasks);
        UseIfAny(closeNotices, closedNotices);
        Use(close, closes, batch.Closes, static (set, row) => set.Add(row));
    }

    private void Tasks(LaneBatch batch)
    {
        sortedKeys.Clear();
        sortedKeys.AddRange(batch.TaskDeletes);
        if (sortedKeys.Count > 1) sortedKeys.Sort(TaskOrder.Compare);          // G1: other hosts lock task rows too
        Use(taskDelete, taskDeletes, sortedKeys, static (set, row) => set.Add(row));
        Use(taskInsert, tasks, batch.Tasks, static (set, row) => set.Add(row));
    }

    // Sorted by id: two lanes that start the same ids in different orders would wait for each other's unique keys (G1).
    private void Start(LaneBatch batch)
    {
        owned.Clear();
        firstEvents.Clear();
        wake.Clear();
        refusable.Clear();
        refusals.Clear();
        sorted.Clear();
        sorted.AddRange(batch.Starts);
        sorted.AddRange(batch.Children);
        if (sorted.Count > 1) sorted.Sort(static (a, b) => string.CompareOrdinal(a.WorkflowId, b.WorkflowId));
        foreach (var start in sorted)
        {
            (start.Owned ? owned : wake).Add(start);
            if (start is { Owned: true, FirstEvent: { } first }) firstEvents.Add(first);
            if (start.IfRefused is not { } refusal) continue;
            refusable.Add(start);
            refusals.Add(refusal);
        }

        UseIfAny(startOwned, owned);
        UseIfAny(startWake, wake);
        UseIfAny(startRefused, refusals);
    }

    private void Send(LaneBatch batch)
    {
        sends.Clear();
        letters.Clear();
        foreach (var message in batch.Sends) (message.Notice ? sends : letters).Add(message);
        UseIfAny(send, sends);
        UseIfAny(letter, letters);
    }

    private void Outgo(LaneBatch batch)
    {
        if (batch.Outgoing.Count > 0)
        {
            outgoingShards.Clear();
            outgoing.Clear();
            foreach (var row in batch.Outgoing)
            {
                outgoingShards.Add(row);
                outgoing.Add(row.Message);
            }

            UseIfAny(outgo, outgoing);
        }

        if (batch.Forwarded.Count > 0) Use(forget, forwarded, batch.Forwarded, static (set, row) => set.Add(row));
    }

    // Behind all other parameters, where the engine spreads its tables.
    private void NameShards(CommitStatement statement)
    {
        if (shards is not null && SqlText.TakesShards(statement.Name)) statement.Command.Parameters.Add(PgBatch.Of(shards, NpgsqlDbType.Array | NpgsqlDbType.Smallint));
    }

    private void Use<TSet, TRow>(CommitStatement statement, TSet set, List<TRow> rows, Action<TSet, TRow> add) where TSet : ColumnSet
    {
        set.Clear();
        foreach (var row in rows) add(set, row);
        UseIfAny(statement, set);
    }

    private void UseIfAny(CommitStatement statement, ColumnSet set)
    {
        if (set.Count == 0) return;
        statement.Refresh(set.Count);
        used.Add(statement);
    }

    // Citus' coordinator copies the rows of a plain insert to their node, and what that node refuses then comes back as an internal error. With a result it sends an insert.
    private CommitStatement MakeInsert(string name, CommitResultKind kind, bool through, ColumnSet set)
    {
        if (!through) return Make(name, kind, [], set);
        var statement = new CommitStatement(name, kind, new NpgsqlBatchCommand(SqlText.For(options.Schema, name, options.Variant.SkipLocked, spread: true) + " returning 1"), returning: true);
        statement.Attach(set);
        return statement;
    }

    private CommitStatement Make(string name, CommitResultKind kind, ReadOnlySpan<NpgsqlParameter> scalars, params ReadOnlySpan<ColumnSet> sets)
    {
        var command = new NpgsqlBatchCommand(SqlText.For(options.Schema, name, options.Variant.SkipLocked, shards is not null));
        foreach (var scalar in scalars) command.Parameters.Add(scalar);
        var statement = new CommitStatement(name, kind, command);
        foreach (var set in sets) statement.Attach(set);
        return statement;
    }
}
