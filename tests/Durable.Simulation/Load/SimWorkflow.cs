// The one workflow class of the simulation: an interpreter of programs. Whatever it sees goes into its result.
using Durable.Engine.Replay;

namespace Durable.Simulation;

/// <summary>Runs a plan.</summary>
[Workflow("sim")]
public class SimWorkflow(WorkflowContext workflow, ISimActivities activities)
{
    private readonly List<Note> received = [];
    private int signals;
    private int total;
    private Plan plan = null!;

    public Mailbox<Note> Inbox { get; } = workflow.CreateMailbox<Note>();

    [Run]
    public async Task<string> RunAsync(Plan program, Carried? before)
    {
        plan = program;
        signals += before?.Signals ?? 0;
        received.AddRange(before?.Received ?? []);
        var generation = before?.Generation ?? 0;
        await RunAsync(program.Ops);
        await workflow.WaitUntilAsync(() => workflow.AllHandlersFinished);
        if (generation + 1 < program.Generations)
        {
            var next = new Carried(generation + 1, signals, received);
            return workflow.ContinueAsNew(() => RunAsync(program, next));
        }

        return $"signals {signals} items {string.Join(',', received.Select(note => $"{note.From}{note.Number}"))}";
    }

    [Signal]
    public void Poke(Note note)
    {
        _ = note;
        signals++;
    }

    [Signal]
    public async Task PokeSlowly(Note note)
    {
        signals++;
        await workflow.DelayAsync(TimeSpan.FromMilliseconds(5 + note.Number % 50));
    }

    [Update(Validator = nameof(CheckAdd))]
    public async Task<int> AddAsync(Note note)
    {
        total += note.Number;
        if (note.Number % 3 == 0) await activities.DoAsync(note.Number, 0);
        return total;
    }

    public void CheckAdd(Note note)
    {
        if (note.Number % 4 == 3) throw new ArgumentException("Such numbers are not taken.");
    }

    /// <summary>From this number on an operation sends several notes at once.</summary>
    internal const int AtOnce = 1_000;

    [Query]
    public int Signals => signals;

    /// <summary>True in a build whose code differs here.</summary>
    protected virtual bool Differs => false;

    private async Task RunAsync(IReadOnlyList<Op>? ops)
    {
        foreach (var op in ops ?? []) await DoAsync(op);
    }

    private async Task DoAsync(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Activity:
                await ActivityAsync(op);
                break;
            case OpKind.Step:
                await workflow.StepAsync("step", (ISimActivities doer) => doer.DoAsync(0, op.A), new StepOptions { Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(50), MaxAttempts = 6 }, Timeout = TimeSpan.FromSeconds(2) });
                break;
            case OpKind.Timer:
                await workflow.DelayAsync(TimeSpan.FromMilliseconds(op.A));
                break;
            case OpKind.WaitSignals:
                await workflow.WaitUntilAsync(() => signals >= op.B, TimeSpan.FromMilliseconds(op.A));
                break;
            case OpKind.Receive:
                if (await Inbox.ReceiveAsync(TimeSpan.FromMilliseconds(op.A)) is { } note) Got(note);
                break;
            case OpKind.Child or OpKind.StartChild:
                await ChildAsync(op);
                break;
            case OpKind.Both:
                await Task.WhenAll(RunAsync(op.Left), RunAsync(op.Right));
                break;
            case OpKind.Either:
                await await Task.WhenAny(RunAsync(op.Left), RunAsync(op.Right));
                break;
            case OpKind.Saga:
                await SagaAsync(op);
                break;
            case OpKind.Promise:
                var promise = workflow.CreatePromise<int>();
                await activities.PublishAsync(promise.Token);
                total += await promise.Task;
                break;
            case OpKind.SignalOther or OpKind.SendOther or OpKind.CancelOther:
                await OtherAsync(op);
                break;
            case OpKind.Fail:
                throw new InvalidOperationException("The program says so.");
            default:
                await SmallAsync(op);
                break;
        }
    }

    private async Task SmallAsync(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Patch:
                if (op.A == 2 && Differs) workflow.SetAttribute(new AttributeKey<int>("other"), 1);
                if (workflow.Patched($"patch{op.A}")) total++;
                break;
            case OpKind.Attribute:
                workflow.SetAttribute(new AttributeKey<int>("number"), op.A);
                break;
            case OpKind.WaitHandlers:
                await workflow.WaitUntilAsync(() => workflow.AllHandlersFinished);
                break;
            case OpKind.Kill:
                Killer.Strike((WorkflowExecution.OnTurn?.Info.RunId) ?? Guid.Empty);
                break;
        }
    }

    private async Task ActivityAsync(Op op)
    {
        try
        {
            total += await workflow.With(activities, Options(op.B)).DoAsync(op.A >> 8, op.A & 255);
        }
        catch (ActivityFailedException)
        {
            total--;
        }
    }

    private async Task ChildAsync(Op op)
    {
        var options = new ChildOptions
        {
            ParentClose = (ParentClosePolicy)(op.A % 3), Id = op.B == 0 ? null : $"fixed{op.B}",
            Timeout = op.A >= 3 ? TimeSpan.FromMilliseconds(800) : null,
        };
        var nested = new Plan(plan.Id, 1 + op.A / 6, op.Left ?? []);
        try
        {
            if (op.Kind == OpKind.Child) await workflow.RunChildAsync((SimWorkflow child) => child.RunAsync(nested, null), options);
            else await workflow.StartChildAsync((SimWorkflow child) => child.RunAsync(nested, null), options);
        }
        catch (RunFailedException)
        {
            total -= 2;
        }
        catch (RunConflictException)
        {
            total -= 3;
        }
    }

    private async Task SagaAsync(Op op)
    {
        var saga = workflow.StartSaga();
        saga.OnFailure(() => activities.DoAsync(0, 0));
        await RunAsync(op.Left);
        if (op.A != 0) await saga.CompensateAsync();
    }

    private async Task OtherAsync(Op op)
    {
        var other = workflow.GetRun<SimWorkflow>($"w{op.A}");
        var from = $"{workflow.Info.RunId:N}.{workflow.Info.Generation}.";
        var notes = Enumerable.Range(0, op.B < AtOnce ? 1 : 4).Select(more => new Note(from, op.B + 10 * AtOnce * more)).ToList();
        try
        {
            if (op.Kind == OpKind.SignalOther) await Task.WhenAll(notes.Select(note => other.SignalAsync(run => run.Poke(note))));
            else if (op.Kind == OpKind.SendOther) await Task.WhenAll(notes.Select(note => other.SendAsync(run => run.Inbox, note)));
            else await other.CancelAsync("Another run says so.");
        }
        catch (RunNotFoundException)
        {
            total -= 5;
        }
        catch (RunConflictException)
        {
            total -= 7;
        }
    }

    // Items of one sender come in order, and none twice, whatever happened to the hosts.
    private void Got(Note note)
    {
        if (received.Any(before => before.From == note.From && before.Number >= note.Number && !note.From.Contains('.', StringComparison.Ordinal)))
            throw new BrokenOrderException($"{note.From}{note.Number} after {string.Join(',', received.Select(before => $"{before.From}{before.Number}"))}");
        received.Add(note);
    }

    private static ActivityOptions Options(int choice) => choice switch
    {
        1 => new ActivityOptions { StartToClose = TimeSpan.FromMilliseconds(300), Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(40), MaxAttempts = 5 } },
        2 => new ActivityOptions { Queue = "q", Heartbeat = TimeSpan.FromMilliseconds(600), Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(40), MaxAttempts = 5 } },
        3 => new ActivityOptions { ScheduleToClose = TimeSpan.FromSeconds(3), Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(100) } },
        4 => new ActivityOptions { AtMostOnce = true, StartToClose = TimeSpan.FromSeconds(2) },
        5 => new ActivityOptions { Heartbeat = TimeSpan.FromMilliseconds(500), StartToClose = TimeSpan.FromSeconds(2), Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(40), MaxAttempts = 4 } },
        _ => new ActivityOptions { StartToClose = TimeSpan.FromSeconds(3), Retry = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(30), MaxAttempts = 6 } },
    };
}

/// <summary>The same workflow in a build that asks for one thing more.</summary>
[Workflow("sim")]
public sealed class OtherSimWorkflow(WorkflowContext workflow, ISimActivities activities) : SimWorkflow(workflow, activities)
{
    protected override bool Differs => true;
}

/// <summary>A mailbox gave an item twice or out of order.</summary>
public sealed class BrokenOrderException(string message) : Exception(message);
