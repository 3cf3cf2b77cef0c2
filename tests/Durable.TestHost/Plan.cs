// What a generated workflow does. A plan is a pure function of seed and number, so test and host make the same ones.
namespace Durable.TestHost;

/// <summary>One thing that a generated workflow does.</summary>
public enum Act
{
    /// <summary>An activity.</summary>
    Effect,

    /// <summary>An activity that fails <see cref="Op.Amount"/> times first.</summary>
    Flaky,

    /// <summary>A durable step.</summary>
    Step,

    /// <summary>Some activities at once.</summary>
    Fan,

    /// <summary>A timer of so many milliseconds.</summary>
    Delay,

    /// <summary>Waits for something that does not happen, for so many milliseconds.</summary>
    TimeOut,

    /// <summary>Waits until so many different signals have come in all.</summary>
    Signals,

    /// <summary>Child runs, all at once.</summary>
    Children,

    /// <summary>Continues as new.</summary>
    RollOver,
}

/// <summary>An act with its number.</summary>
public sealed record Op(Act Act, int Amount = 0, IReadOnlyList<Plan>? Children = null);

/// <summary>All that a workflow does, in order.</summary>
public sealed record Plan(IReadOnlyList<Op> Ops)
{
    /// <summary>How many signals it waits for.</summary>
    public int Signals => Ops.Where(op => op.Act == Act.Signals).Select(op => op.Amount).DefaultIfEmpty().Max();

    /// <summary>How many effects it and its children have.</summary>
    public int Effects => Ops.Sum(op => op.Act switch
    {
        Act.Effect or Act.Flaky or Act.Step => 1,
        Act.Fan => op.Amount,
        Act.Children => op.Children!.Sum(child => child.Effects),
        _ => 0,
    });

    /// <summary>The plan of a workflow.</summary>
    public static Plan Of(int seed, int number) => Make(new Random(unchecked(seed * 7919 + number)), 2);

    private static Plan Make(Random random, int depth)
    {
        var ops = new List<Op> { new(Act.Effect) };
        var signals = 0;
        for (var count = random.Next(2, 7); count > 0; count--)
            ops.Add(random.Next(10) switch
            {
                0 or 1 => new Op(Act.Effect),
                2 => new Op(Act.Flaky, random.Next(1, 3)),
                3 => new Op(Act.Step),
                4 => new Op(Act.Fan, random.Next(2, 5)),
                5 => new Op(Act.Delay, random.Next(5, 400)),
                6 => new Op(Act.TimeOut, random.Next(5, 100)),
                7 when depth == 2 => new Op(Act.Signals, signals += random.Next(1, 3)),
                8 when depth > 0 => new Op(Act.Children, 0, [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Make(random, depth - 1))]),
                9 => new Op(Act.RollOver),
                _ => new Op(Act.Step),
            });
        return new Plan(ops);
    }
}
