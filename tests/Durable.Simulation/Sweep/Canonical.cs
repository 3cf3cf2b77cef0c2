// The twelve workflows that are interrupted at every call of the store. Their outcome does not depend on what comes first.
namespace Durable.Simulation;

/// <summary>A workflow and what it is told from outside.</summary>
/// <param name="Name">For people.</param>
/// <param name="Ops">Its program.</param>
/// <param name="Generations">How often it runs.</param>
/// <param name="Signals">Signals sent after the start.</param>
/// <param name="Items">Items sent to its mailbox.</param>
internal sealed record Canonical(string Name, IReadOnlyList<Op> Ops, int Generations = 1, int Signals = 0, int Items = 0)
{
    private const int Long = 60_000;

    /// <summary>The id of its run.</summary>
    public const string Id = "w0";

    /// <summary>What the client sends.</summary>
    public Plan Plan => new(Id, Generations, Ops);

    public override string ToString() => Name;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Canonical> All { get; } =
    [
        new("activities one after the other", [Do(), Do(), Do(), Do()]),
        new("activities at once", [new(OpKind.Both, 0, 0, [Do(), Do()], [Do(), Step()])]),
        new("steps", [Step(), Step(), Step()]),
        new("timers", [new(OpKind.Timer, 20), Do(), new(OpKind.Timer, 200), new(OpKind.Timer, 1)]),
        new("signals", [new(OpKind.WaitSignals, Long, 3), Do()], Signals: 3),
        new("a mailbox", [new(OpKind.Receive, Long), Do(), new(OpKind.Receive, Long), new(OpKind.Receive, Long)], Items: 3),
        new("a child", [new(OpKind.Child, 0, 0, [Do(), new(OpKind.Timer, 20)]), Do()]),
        new("children left alone", [new(OpKind.StartChild, 2, 0, [Do()]), new(OpKind.StartChild, 2, 0, [new(OpKind.Timer, 20)]), Do()]),
        new("generations with mail", [new(OpKind.Receive, Long), Do()], Generations: 3, Items: 3),
        new("retries", [new(OpKind.Activity, 3, 1), new(OpKind.Activity, 4, 0), new(OpKind.Step, 3)]),
        new("a queue with heartbeats", [new(OpKind.Activity, 7, 2), new(OpKind.Activity, 4, 2)]),
        new("a saga that undoes what it did, and a promise", [new(OpKind.Saga, 1, 0, [Do(), Do()]), new(OpKind.Promise), new(OpKind.Attribute, 1), new(OpKind.Patch, 1)]),
    ];

    private static Op Do() => new(OpKind.Activity);

    private static Op Step() => new(OpKind.Step);
}
