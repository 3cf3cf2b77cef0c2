// Steps, activities, timers, children, signals in and out, new generations: one operation of the plan after the other.
namespace Durable.Chaos.Workload;

/// <summary>What a chain has done so far; the next generation takes it along.</summary>
/// <param name="At">The next operation.</param>
/// <param name="Marks">What was done.</param>
/// <param name="Told">Signals in the order they came.</param>
public sealed record ChainState(int At, IReadOnlyList<string> Marks, IReadOnlyList<string> Told)
{
    public static ChainState Begin { get; } = new(0, [], []);
}

/// <summary>Runs a plan.</summary>
public sealed class ChainWorkflow(WorkflowContext workflow, IWork work)
{
    private static readonly RetryPolicy Soon = new() { InitialDelay = TimeSpan.FromMilliseconds(50), MaxDelay = TimeSpan.FromMilliseconds(400) };
    private readonly List<string> told = [];
    private bool apart;

    [Run]
    public async Task<ChainState> RunAsync(Plan plan, ChainState state)
    {
        apart = plan.Apart;
        told.InsertRange(0, state.Told);                    // a signal may have come before this line
        var marks = new List<string>(state.Marks);
        for (var at = state.At; at < plan.Ops.Count; at++)
        {
            var op = plan.Ops[at];
            if (op.Kind == OpKind.Roll)
            {
                var next = new ChainState(at + 1, marks, told);
                return workflow.ContinueAsNew(() => RunAsync(plan, next));
            }

            await DoAsync(op, marks);
        }

        for (var number = 1; number <= plan.TellParent; number++) await TellParentAsync(number);
        await workflow.WaitUntilAsync(() => Distinct("client-") >= plan.Senders * plan.PerSender);
        return new ChainState(plan.Ops.Count, marks, told);
    }

    [Signal]
    public void Tell(string sender, int number) => told.Add($"{sender}:{number}");

    [Query]
    public int Heard => told.Count;

    private int Distinct(string prefix) => told.Where(signal => signal.StartsWith(prefix, StringComparison.Ordinal)).Distinct().Count();

    private async Task DoAsync(Op op, List<string> marks)
    {
        switch (op.Kind)
        {
            case OpKind.Step:
                marks.Add((await workflow.StepAsync(op.Name, (Effects effects) => effects.DoAsync(op.Name, op.Millis))).What);
                break;
            case OpKind.Activity:
                marks.Add((await work.EffectAsync(op.Name, op.Millis)).What);
                break;
            case OpKind.Flaky:
                marks.Add((await workflow.With(work, new ActivityOptions { Retry = Soon }).FlakyAsync(op.Name, op.Count, op.Millis)).What);
                break;
            case OpKind.Beat:
                marks.Add((await workflow.With(work, new ActivityOptions { Heartbeat = TimeSpan.FromSeconds(5), Retry = Soon }).BeatAsync(op.Name, op.Millis)).What);
                break;
            case OpKind.Parallel:
                marks.AddRange(await workflow.ForEachAsync(Enumerable.Range(0, op.Count), 3, async part => (await work.EffectAsync($"{op.Name}.{part}", op.Millis)).What));
                break;
            case OpKind.Timer:
                var begun = workflow.UtcNow;
                await workflow.DelayAsync(TimeSpan.FromMilliseconds(op.Millis));
                marks.Add(workflow.UtcNow < begun.AddMilliseconds(op.Millis) ? $"{op.Name} fired early" : op.Name);
                break;
            case OpKind.Patience:
                var before = told.Count;
                await workflow.WaitUntilAsync(() => told.Count > before, TimeSpan.FromMilliseconds(op.Millis));
                break;
            default:
                await WithChildAsync(op, marks);
                break;
        }
    }

    private async Task WithChildAsync(Op op, List<string> marks)
    {
        var plan = op.Child! with { TellParent = op.Kind == OpKind.Echo ? op.Count : 0, Apart = apart };
        var id = apart ? $"{workflow.Info.WorkflowId}-{op.Name}" : null;
        var prefix = apart ? $"{id}:" : $"{workflow.Info.WorkflowId}//";
        var before = Distinct(prefix);
        var child = await workflow.RunChildAsync((ChainWorkflow w) => w.RunAsync(plan, ChainState.Begin), id is null ? null : new() { Id = id });
        marks.AddRange(child.Marks.Select(mark => $"{op.Name}/{mark}"));
        if (op.Kind == OpKind.Echo) await workflow.WaitUntilAsync(() => Distinct(prefix) >= before + op.Count);
    }

    private Task TellParentAsync(int number)
    {
        var parent = workflow.Info.ParentId ?? throw new InvalidOperationException("Only children tell their parents.");
        var me = workflow.Info.WorkflowId;
        return workflow.GetRun<ChainWorkflow>(parent).SignalAsync(w => w.Tell(me, number));
    }
}
