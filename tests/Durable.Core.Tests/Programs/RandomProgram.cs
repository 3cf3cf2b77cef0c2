// Small workflow programs as data, and the one workflow class that runs them.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Programs;

/// <summary>A program: a leaf by name, or a list of programs.</summary>
public sealed record RandomProgram(string Kind, string Name, IReadOnlyList<RandomProgram> Items)
{
    private static readonly string[] Leaves = ["activity", "activity", "step", "timer", "signal", "beat", "flaky"];

    /// <summary>The program of a seed.</summary>
    public static RandomProgram Of(int seed)
    {
        var random = new Random(seed);
        var names = 0;
        return Block(3, false);

        RandomProgram Any(int depth, bool child) => depth == 0 || random.Next(3) > 0 ? Leaf(child) : Block(depth - 1, child);

        RandomProgram Block(int depth, bool child)
        {
            var kind = random.Next(5) switch { 0 or 1 => "all", 2 => "child", _ => "sequence" };
            return new(kind, $"n{names++}", [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Any(depth, child || kind == "child")).ToList()]);
        }

        // Nobody knows the ids of children: nothing in them, however deep, waits for a signal.
        RandomProgram Leaf(bool child) => new(Leaves[random.Next(Leaves.Length)] is var kind && child && kind == "signal" ? "timer" : kind, $"n{names++}", []);
    }

    /// <summary>Names of all signals that the run waits for.</summary>
    public IEnumerable<string> Signals => Kind == "signal" ? [Name] : Items.SelectMany(item => item.Signals);

    /// <summary>What it gives: the same however it was interrupted.</summary>
    public string Outcome => Kind switch
    {
        "activity" or "beat" or "flaky" or "step" => Name + "!",
        "timer" => "t",
        "signal" => "s",
        var block => $"{block}({string.Join(' ', Items.Select(item => item.Outcome))})",
    };

    public override string ToString() => Items.Count == 0 ? $"{Kind} {Name}" : $"{Kind} [{string.Join(", ", Items)}]";
}

/// <summary>Runs a program.</summary>
public sealed class Interpreter(WorkflowContext workflow, IWork work)
{
    private readonly HashSet<string> told = [];

    [Run]
    public Task<string> RunAsync(RandomProgram program) => BlockAsync(program);

    [Signal]
    public void Tell(string name) => told.Add(name);

    private async Task<string> EvalAsync(RandomProgram program)
    {
        switch (program.Kind)
        {
            case "activity":
                return await work.DoAsync(program.Name);
            case "beat":
                return await workflow.With(work, new() { Heartbeat = TimeSpan.FromSeconds(1) }).BeatAsync(program.Name);      // a dead host's attempt comes back soon
            case "flaky":
                return await workflow.With(work, new() { Retry = new() { InitialDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) } }).DoAsync(program.Name);
            case "step":
                return await workflow.StepAsync("step", (ActivityContext context) => context.Service<IWork>().DoAsync(program.Name));
            case "timer":
                await workflow.DelayAsync(TimeSpan.FromMilliseconds(1));
                return "t";
            case "signal":
                await workflow.WaitUntilAsync(() => told.Contains(program.Name));
                return "s";
            case "child":
                return await workflow.RunChildAsync((Interpreter w) => w.RunAsync(program));
            default:
                return await BlockAsync(program);
        }
    }

    private async Task<string> BlockAsync(RandomProgram program)
    {
        if (program.Kind == "all") return $"all({string.Join(' ', await Task.WhenAll(program.Items.Select(EvalAsync)))})";
        var results = new List<string>();
        foreach (var item in program.Items) results.Add(await EvalAsync(item));
        return $"{program.Kind}({string.Join(' ', results)})";
    }
}
