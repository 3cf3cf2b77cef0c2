// One generation of one run: user code driven by arrivals, one at a time. Pure and synchronous: no I/O, no clock, no locks.
using System.Runtime.CompilerServices;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>What bounds an execution.</summary>
/// <param name="MaxPending">Most pending operations.</param>
/// <param name="MaxCallbacks">Most callbacks in one turn (M10).</param>
/// <param name="LockPatience">How long a turn may wait for a lock that somebody holds; null: 2 s (M6).</param>
internal sealed record ExecutionLimits(int MaxPending = 2_000, int MaxCallbacks = 1_000_000, TimeSpan? LockPatience = null);

/// <summary>
/// Replay and live are one path: append an arrival's row, complete what it completes, run continuations until nothing is runnable,
/// and the commands issued meanwhile must be the row's – or become the row's if it is new.
/// </summary>
internal sealed class WorkflowExecution
{
    /// <summary>The execution whose turn this thread runs, or null (M5).</summary>
    [ThreadStatic] public static WorkflowExecution? OnTurn;

    private static readonly ContextCallback ApplyArriving = static self => ((WorkflowExecution)self!).Turn(((WorkflowExecution)self).arriving!);      // the commonest way in: no closure

    [ThreadStatic] private static Queue<(SendOrPostCallback Callback, object? State)>? spareQueue;

    private Queue<(SendOrPostCallback Callback, object? State)> queue = null!;      // the thread's, lent for a turn like the buffers of Commands
    private readonly List<Effect> effects = new(1);      // most turns ask for one thing
    private List<SagaStack>? sagas;
    private readonly ExecutionContext context;
    private readonly WorkflowDefinition definition;
    private readonly Arrivals arrivals;
    private Verdict? verdict;
    private bool foreign;
    private int callbacks;
    private byte[]? recorded;
    private EventRecord? arriving;
    private int randoms;
    private ulong guids;

    public WorkflowExecution(WorkflowDefinition definition, WorkflowInfo info, ReadOnlyMemory<byte> secret, PayloadSerializer serializer, ExecutionLimits limits, ILogSink log, Func<Type, WorkflowDefinition?> definitions)
    {
        this.definition = definition;
        Info = info;
        Secret = secret;
        Serializer = serializer;
        Limits = limits;
        Log = log;
        Definitions = definitions;
        Operations = new Operations(this);
        Waits = new Waits(this);
        Mail = new Mailboxes(this);
        Time = new DurableTime(this);
        Context = new RunContext(this);
        arrivals = new Arrivals(this);
        Markers = new Markers(this);
        context = FlowMarker.ContextOf(this);
    }

    public WorkflowInfo Info { get; private set; }

    public ReadOnlyMemory<byte> Secret { get; }

    public PayloadSerializer Serializer { get; }

    public ExecutionLimits Limits { get; }

    public ILogSink Log { get; }

    public Func<Type, WorkflowDefinition?> Definitions { get; }

    public Operations Operations { get; }

    public Waits Waits { get; }

    public Mailboxes Mail { get; }

    public DurableTime Time { get; }

    public RunContext Context { get; }

    public WorkflowDefinition Definition => definition;

    /// <summary>Commands of the turn under way: the thread's buffers, lent for as long as a turn takes, so that an idle run keeps none.</summary>
    public CommandBuffer Commands { get; private set; } = CommandBuffer.None;

    /// <summary>What the lane has to do for the turn that was applied last.</summary>
    public IReadOnlyList<Effect> Effects => effects;

    /// <summary>Time of the latest arrival that was applied.</summary>
    public DateTimeOffset UtcNow { get; private set; }

    /// <summary>True while rows are applied that are stored already.</summary>
    public bool IsReplaying { get; private set; }

    /// <summary>Seq of the row that is applied.</summary>
    public int Row { get; private set; } = -1;

    /// <summary>Seq of the next row.</summary>
    public int NextSeq => Row + 1;

    /// <summary>Checksum of the last row.</summary>
    public int Crc { get; private set; }

    /// <summary>Events of the expanded history so far: rows and their commands.</summary>
    public int EventCount { get; private set; }

    /// <summary>Stored bytes so far.</summary>
    public long ByteCount { get; private set; }

    /// <summary>How the code ended, or null.</summary>
    public RunEnd? End { get; private set; }

    /// <summary>Why the run may not go on, or null. Sticks.</summary>
    public Verdict? Verdict => verdict ?? (foreign ? ForeignVerdict() : null);

    /// <summary>What the first row said.</summary>
    public StartDocument? Started { get; private set; }

    /// <summary>Patch and version markers.</summary>
    public Markers Markers { get; }

    /// <summary>True once the user's object was made: queries can be asked.</summary>
    public bool HasInstance => arrivals.Instance is not null;

    /// <summary>True while a query, validator or condition runs: commands are refused.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>True once a cancel was applied.</summary>
    public bool CancelRequested => arrivals.CancelRequested;

    /// <summary>Cancelled by a cancel of the run.</summary>
    public CancellationToken CancellationToken => arrivals.Token;

    /// <summary>True if no signal or update handler is under way.</summary>
    public bool AllHandlersFinished => arrivals.HandlersUnderWay == 0;

    /// <summary>True once the history is long enough for continue-as-new.</summary>
    public bool ContinueAsNewSuggested => Started is not null && (Row >= Started.RollOverSteps || ByteCount >= Started.RollOverBytes);

    /// <summary>Called where the code issues a command, on its stack: for those who look for the line. Null in all other executions.</summary>
    public Action<WorkflowExecution, CommandKind, int>? OnCommand { get; init; }

    /// <summary>Open sagas, in the order they were started.</summary>
    public List<SagaStack> Sagas => sagas ??= [];

    /// <summary>Applies stored rows: nothing new is written.</summary>
    /// <returns>Null, or why the run may not go on.</returns>
    public Verdict? Replay(IReadOnlyList<EventRecord> rows)
    {
        IsReplaying = true;
        try
        {
            Markers.Collect(rows);
            Enter(_ =>
            {
                foreach (var row in rows)
                {
                    Turn(row);
                    if (Verdict is not null) return;
                }
            }, null);
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException or KeyNotFoundException or InvalidOperationException)
        {
            // Rows whose checksums fit and that no engine wrote.
            Hold(new Verdict(DurableErrorCodes.HistoryBroken, $"The history cannot be read: {error.Message} Restore it, or terminate the run."));
        }
        finally
        {
            IsReplaying = false;
        }

        return Verdict;
    }

    /// <summary>Applies a new arrival: the row gets its commands and checksum, and <see cref="Effects"/> what the lane has to do.</summary>
    /// <returns>Null, or why the run may not go on; the row must then not be stored.</returns>
    public Verdict? Apply(EventRecord row)
    {
        arriving = row;
        Enter(ApplyArriving, this);
        arriving = null;
        return Verdict;
    }

    /// <summary>Records a reason to hold the run. The first one sticks (M8).</summary>
    public void Hold(Verdict reason) => verdict ??= reason.Row < 0 ? reason with { Row = Row } : reason;

    /// <summary>Called on any thread that our context reached (M4). May only record.</summary>
    public void ReportForeign()
    {
        if (!Interlocked.Exchange(ref foreign, true)) Log.Foreign(this);
    }

    /// <summary>True if this thread runs a turn of this execution; else records what was touched from outside (M7).</summary>
    public bool IsOnTurn(string what)
    {
        if (OnTurn == this) return true;
        _ = what;
        ReportForeign();
        return false;
    }

    /// <summary>True if a command may be issued now. A false answer has been recorded, or the execution is to be thrown away.</summary>
    public bool MayCommand(string name)
    {
        if (!IsOnTurn(name) || verdict is not null || End is not null) return false;
        RefuseReadOnly(name);
        return true;
    }

    /// <summary>Queues a callback of the run (M2, M5).</summary>
    public void Post(SendOrPostCallback callback, object? state)
    {
        if (OnTurn == this) queue.Enqueue((callback, state));
        else ReportForeign();                            // dropped: whoever completed this is not the history
    }

    /// <summary>Queues a callback from the turn itself.</summary>
    public void Enqueue(SendOrPostCallback callback, object? state) => queue.Enqueue((callback, state));

    /// <summary>Adds something that the lane has to do. Nothing is to be done for rows that are stored already.</summary>
    public void AddEffect(in Effect effect)
    {
        if (!IsReplaying) effects.Add(effect);
    }

    /// <summary>True in replay if the row's next command has that kind and number: live code got as far as issuing it.</summary>
    public bool IsRecordedNext(CommandKind kind, int ordinal) => IsReplaying && Commands.IsFollowedBy(recorded, kind, ordinal);

    /// <summary>Refuses to change what replay derives while code runs that leaves no trace in the history.</summary>
    public void RefuseReadOnly(string name)
    {
        if (IsReadOnly) throw new DurableException(DurableErrorCodes.NotDurable, $"'{name}' was called inside a query, a validator or a WaitUntil condition. Those only read: move the call into [Run] or a handler.");
    }

    /// <summary>Ends the code's part: nothing after it is applied.</summary>
    public void Finish(RunEnd end, byte[]? body)
    {
        if (!Operations.Note(end.Kind, "", null, IsReplaying ? null : body)) return;
        End = end;
    }

    /// <summary>Time does not go back when a generation or an owner follows another.</summary>
    public void NotBefore(DateTimeOffset time) => UtcNow = time > UtcNow ? time : UtcNow;

    /// <summary>Takes over what the first row says.</summary>
    public void Begin(StartDocument document, DateTimeOffset at)
    {
        Started = document with { Input = default };       // the arguments are decoded already: an idle run does not keep their JSON
        Info = Info with { StartedAt = document.StartedAt ?? at, ScheduledFor = document.ScheduledFor, ParentId = document.Parent?.WorkflowId };
    }

    /// <summary>Queues a synchronous entry of user code in its own copy of the run's context, so that an AsyncLocal set in it does not leak (M3).</summary>
    public void EnqueueEntry(Action entry) => Enqueue(static state =>
    {
        var (self, action) = ((WorkflowExecution, Action))state!;
        ExecutionContext.Run(self.context, static boxed => ((Action)boxed!)(), action);
    }, (this, entry));

    /// <summary>Runs code that may only read.</summary>
    public TValue ReadOnly<TValue>(Func<TValue> read)
    {
        var before = IsReadOnly;
        IsReadOnly = true;
        try
        {
            return read();
        }
        finally
        {
            IsReadOnly = before;
        }
    }

    /// <summary>Answers a query: on the lane's loop, between turns.</summary>
    public object? Query(HandlerDefinition query, object?[] arguments)
    {
        object? answer = null;
        Enter(_ => answer = ReadOnly(() => query.Invoke(arrivals.Instance ?? throw new InvalidOperationException("The run has not begun."), arguments)), null);
        return answer;
    }

    /// <summary>Runs an update's validator: on the lane's loop, before the update is recorded.</summary>
    public void Validate(HandlerDefinition update, object?[] arguments) => Enter(_ => ReadOnly<object?>(() =>
    {
        update.Validate(arrivals.Instance, arguments);
        return null;
    }), null);

    /// <summary>A random source seeded from the run; each injection has its own sequence.</summary>
    public Random NewRandom() => new DeterministicRandom(Started!.Seed + (ulong)++randoms * 0xD1B54A32D192ED03UL, this);

    /// <summary>A UUID derived from seed and count.</summary>
    public Guid NewGuid()
    {
        if (IsOnTurn("NewGuid")) RefuseReadOnly("NewGuid");
        return DeterministicRandom.NewGuid(Started!.Seed, ++guids);
    }

    /// <summary>A logger that is silent in replay.</summary>
    public Microsoft.Extensions.Logging.ILogger NewLogger(string category) => new ReplayLogger(this, category);

    /// <summary>Decodes a row's payload.</summary>
    public T? Decode<T>(EventRecord row, string what)
    {
        if (row.Encoding == 0) return Serializer.Decode<T>(row.Payload, what);
        return Serializer.Decode<T>(Codecs.Decode(Serializer.Codec, row.Payload, row.Encoding, Info.Namespace, Info.RunId, what), what);
    }

    /// <summary>Runs an action with no current context, so that captured awaits are queued and others run here, on our thread (M1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WithoutContext<TState>(Action<TState> action, TState state)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            action(state);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>A task that never completes: what commands of a dead execution return, so that user code is not asked about it (M8).</summary>
    public static Task Never(ResultShape shape) => shape.NewPending(null!, new Operation(CommandKind.Cancel, 0, "")).Task;

    /// <summary>A task of that shape which is cancelled already.</summary>
    public static Task Cancelled(ResultShape shape, CancellationToken token)
    {
        var pending = shape.NewPending(null!, new Operation(CommandKind.Cancel, 0, ""));
        pending.Cancel(token);
        return pending.Task;
    }

    /// <summary>A name as JSON, cached per class: steps repeat the same few names.</summary>
    public byte[] QuoteName(string name) => NameCache.Quote(name);

    // Enters the run's context once for all rows (M3), with this thread marked as running the turn.
    private void Enter(ContextCallback body, object? state)
    {
        var before = OnTurn;
        var sync = SynchronizationContext.Current;
        OnTurn = this;
        Commands = CommandBuffer.Rent();
        queue = spareQueue ?? new();
        spareQueue = null;
        try
        {
            ExecutionContext.Run(context, body, state);
        }
        finally
        {
            OnTurn = before;
            Commands.Return();
            Commands = CommandBuffer.None;
            queue.Clear();
            (spareQueue, queue) = (queue, null!);
            SynchronizationContext.SetSynchronizationContext(sync);
        }
    }

    private void Turn(EventRecord row)
    {
        Begin(row);
        try
        {
            arrivals.Dispatch(row);
        }
        catch (Exception error)      // of ours: user code runs in callbacks, which have a catch of their own
        {
            Hold(new Verdict(error is DurableException known ? known.Code : DurableErrorCodes.PayloadUnreadable,
                $"Event {Info.Generation}:{row.Seq} ({(EventKind)row.Kind}) cannot be applied: {error.Message} Run a build that can read it, or restore the row.") { Row = row.Seq });
        }

        Drain();
        Close(row);
    }

    private void Begin(EventRecord row)
    {
        ExecutionContext.Restore(context);               // what the callbacks of the last row set, a live turn would not see (M3)
        recorded = IsReplaying ? row.Commands : null;
        Row = row.Seq;
        if (row.At > UtcNow) UtcNow = row.At;
        Commands.Clear();
        effects.Clear();
        callbacks = 0;
    }

    // Runs callbacks until nothing is runnable, then conditions, one at a time, until none is true (M12).
    private void Drain()
    {
        do
        {
            while (queue.Count > 0 && verdict is null && End is null)
            {
                if (++callbacks > Limits.MaxCallbacks)
                {
                    Hold(new Verdict(DurableErrorCodes.NotDurable, $"One turn ran more than {Limits.MaxCallbacks:N0} callbacks. A loop that awaits nothing durable (Task.Yield, completed tasks) never ends a turn: await a durable call in it."));
                    break;
                }

                var (callback, state) = queue.Dequeue();
                Invoke(callback, state);
            }
        }
        while (verdict is null && End is null && Waits.CompleteOne());
        if (verdict is not null || End is not null) queue.Clear();
    }

    private void Invoke(SendOrPostCallback callback, object? state)
    {
        SynchronizationContext.SetSynchronizationContext(new TurnContext(this));
        try
        {
            callback(state);
        }
        catch (Exception error)
        {
            arrivals.LetOut(error);             // async void, a token callback, a timer of the user
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    // Compares at quiescence, so that a missing command is found at its own arrival like an extra or a different one (M9).
    private void Close(EventRecord row)
    {
        EventCount += 1 + Commands.Count;
        if (IsReplaying)
        {
            Crc = row.Crc;
            ByteCount += (row.Payload?.Length ?? 0) + (row.Commands?.Length ?? 0);
            if (verdict is null && !Commands.Matches(row.Commands)) Hold(Divergence.At(row, Commands.Head, Info));
            return;
        }

        if (Verdict is not null) return;
        row.Commands = Commands.ToColumn(Codecs.EncodeBodies(Serializer.Codec, Commands.Bodies, Info.Namespace, Info.RunId, row.Encoding));
        row.Crc = Crc = Checksum.Of(row, Crc);
        ByteCount += (row.Payload?.Length ?? 0) + (row.Commands?.Length ?? 0);
    }

    private Verdict ForeignVerdict() => new(DurableErrorCodes.NotDurable,
        $"Workflow code of '{Info.Workflow}' left its turn (Task.Run, Task.Delay without the injected TimeProvider, ConfigureAwait(false) before a yield, I/O, a timer, another run's task). " +
        "What it saw there is not in the history. Put the work into an activity or a step, and wait with DelayAsync or the injected TimeProvider.", Foreign: true) { Row = Row };
}
