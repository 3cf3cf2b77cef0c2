// Workflows as data, so that every change that people make to a workflow can be made to each of its places.
using System.Collections.Concurrent;

namespace Durable.Testing.Tests.Mutations;

/// <summary>Activities that the programs call.</summary>
public interface ICalls
{
    Task<string> ChargeAsync(string what);

    Task<string> ShipAsync(string what);

    Task<string> PickAsync(string what);

    Task<string> RefundAsync(string what);
}

/// <summary>What an instruction does.</summary>
public enum Verb
{
    /// <summary>Calls an activity by name.</summary>
    Call,

    /// <summary>Runs a step by name.</summary>
    Step,

    /// <summary>Waits for hours.</summary>
    Timer,

    /// <summary>Runs a child of a class by name.</summary>
    Child,

    /// <summary>Waits for so many signals.</summary>
    Wait,

    /// <summary>Signals another run: <c>signal@run</c>.</summary>
    Signal,

    /// <summary>Runs its parts side by side.</summary>
    Together,

    /// <summary>Runs the first part if the last result is long, else the second.</summary>
    Branch,

    /// <summary>Sets an attribute.</summary>
    Attribute,
}

/// <summary>One instruction.</summary>
public sealed record Do(Verb What, string Name = "", int Number = 0, params IReadOnlyList<Do> Parts)
{
    public static Do Call(string name) => new(Verb.Call, name);

    public static Do Step(string name) => new(Verb.Step, name);

    public static Do Timer(int hours) => new(Verb.Timer, "", hours);

    public override string ToString() => $"{What} {Name}{(Number == 0 ? "" : Number)}{(Parts.Count == 0 ? "" : $"({string.Join(", ", Parts)})")}";
}

public sealed class Packing
{
    [Run]
    public Task<string> RunAsync(string what) => Task.FromResult(what);
}

public sealed class Wrapping
{
    [Run]
    public Task<string> RunAsync(string what) => Task.FromResult(what);
}

/// <summary>Runs a program. Which one is found by the run's workflow id, so a test can change it under a recorded history.</summary>
public sealed class Machine(WorkflowContext workflow, ICalls calls)
{
    private int signals;
    private string last = "";

    public static ConcurrentDictionary<string, IReadOnlyList<Do>> Programs { get; } = new();

    [Run]
    public async Task<string> RunAsync()
    {
        foreach (var instruction in Programs[workflow.Info.WorkflowId]) await RunAsync(instruction);
        return last;
    }

    [Signal]
    public void Poke() => signals++;

    [Signal]
    public void Nudge() => signals++;

    private async Task RunAsync(Do instruction)
    {
        switch (instruction.What)
        {
            case Verb.Call:
                last = await CallAsync(instruction.Name);
                break;
            case Verb.Step:
                last = await workflow.StepAsync(instruction.Name, () => Task.FromResult(instruction.Name));
                break;
            case Verb.Timer:
                await workflow.DelayAsync(TimeSpan.FromHours(instruction.Number));
                break;
            case Verb.Child when instruction.Name == nameof(Packing):
                last = await workflow.RunChildAsync((Packing w) => w.RunAsync("p"));
                break;
            case Verb.Child:
                last = await workflow.RunChildAsync((Wrapping w) => w.RunAsync("p"));
                break;
            case Verb.Wait:
                await workflow.WaitUntilAsync(() => signals >= instruction.Number);
                break;
            case Verb.Signal:
                var other = workflow.GetRun<Machine>(instruction.Name.Split('@')[1]);
                if (instruction.Name.StartsWith("Poke", StringComparison.Ordinal)) await other.SignalAsync(w => w.Poke());
                else await other.SignalAsync(w => w.Nudge());
                break;
            case Verb.Together:
                await Task.WhenAll(instruction.Parts.Select(RunAsync).ToList());
                break;
            case Verb.Branch:
                await RunAsync(instruction.Parts[last.Length > instruction.Number ? 0 : 1]);
                break;
            default:
                workflow.SetAttribute(new AttributeKey<string>(instruction.Name), "x");
                break;
        }
    }

    private Task<string> CallAsync(string name) => name switch
    {
        "Charge" => calls.ChargeAsync("x"),
        "Ship" => calls.ShipAsync("x"),
        "Pick" => calls.PickAsync("x"),
        _ => calls.RefundAsync("x"),
    };
}
