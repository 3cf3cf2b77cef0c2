// Carries a plan out, and reports which attempt of each effect it saw.
namespace Durable.TestHost;

/// <summary>What a workflow saw: one line per effect (<c>key result</c>), and its signals in order of arrival.</summary>
public sealed record Report(IReadOnlyList<string> Effects, IReadOnlyList<int> Signals)
{
    /// <summary>Nothing yet.</summary>
    public static Report Empty { get; } = new([], []);
}

/// <summary>A workflow of a <see cref="Plan"/>.</summary>
public sealed class GeneratedWorkflow(WorkflowContext workflow, IEffects effects)
{
    private readonly List<string> seen = [];
    private readonly List<int> heard = [];
    private int step;

    /// <summary>Does everything in order, in as many generations as the plan wants.</summary>
    [Run]
    public async Task<Report> RunAsync(Plan plan, Report before)
    {
        seen.AddRange(before.Effects);
        heard.InsertRange(0, before.Signals);
        for (var i = 0; i < plan.Ops.Count; i++)
        {
            var op = plan.Ops[i];
            if (op.Act == Act.RollOver)
            {
                var rest = new Plan([.. plan.Ops.Skip(i + 1)]);
                var report = new Report(seen, heard);
                return workflow.ContinueAsNew(() => RunAsync(rest, report));
            }

            await DoAsync(op);
        }

        return new Report(seen, heard);
    }

    /// <summary>A numbered signal.</summary>
    [Signal]
    public void Hear(int number) => heard.Add(number);

    /// <summary>Replays the history when nobody owns the run.</summary>
    [Query]
    public int Seen => seen.Count;

    private async Task DoAsync(Op op)
    {
        switch (op.Act)
        {
            case Act.Effect:
                seen.Add(await effects.DoAsync($"effect-{step++}"));
                break;
            case Act.Flaky:
                var patient = workflow.With(effects, new() { Retry = new() { InitialDelay = TimeSpan.FromMilliseconds(20) } });
                seen.Add(await patient.FlakyAsync($"flaky-{step++}", op.Amount));
                break;
            case Act.Step:
                var name = $"step-{step++}";
                seen.Add(await workflow.StepAsync(name, (IEffects ledger) => ledger.DoAsync(name)));
                break;
            case Act.Fan:
                seen.AddRange(await Task.WhenAll(Enumerable.Range(0, op.Amount).Select(_ => effects.DoAsync($"fan-{step++}"))));
                break;
            case Act.Delay:
                var from = workflow.UtcNow;
                await workflow.DelayAsync(TimeSpan.FromMilliseconds(op.Amount));
                if (workflow.UtcNow - from < TimeSpan.FromMilliseconds(op.Amount)) throw new InvalidOperationException("A timer fired early.");
                break;
            case Act.TimeOut:
                if (await workflow.WaitUntilAsync(() => false, TimeSpan.FromMilliseconds(op.Amount))) throw new InvalidOperationException("false became true.");
                break;
            case Act.Signals:
                await workflow.WaitUntilAsync(() => heard.Distinct().Count() >= op.Amount);
                break;
            case Act.Children:
                var children = op.Children!.Select(child => workflow.RunChildAsync((GeneratedWorkflow w) => w.RunAsync(child, Report.Empty)));
                foreach (var report in await Task.WhenAll(children)) seen.AddRange(report.Effects);
                break;
            default:
                throw new InvalidOperationException($"Unknown act {op.Act}.");
        }
    }
}
