// What a run is to do, made from a seed, and what it must answer in the end.
namespace Durable.Chaos.Workload;

/// <summary>The kinds of operations.</summary>
public enum OpKind
{
    Step,
    Activity,
    Flaky,
    Beat,
    Parallel,
    Timer,
    Patience,
    Child,
    Echo,
    Roll,
}

/// <summary>One operation.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name, unique within the plan.</param>
/// <param name="Count">How many parts, failures or messages.</param>
/// <param name="Millis">How long its effects or timers take.</param>
/// <param name="Child">The plan of the child, or null.</param>
public sealed record Op(OpKind Kind, string Name, int Count, int Millis, Plan? Child = null);

/// <summary>Operations one after the other; then the signals of all senders are waited for.</summary>
/// <param name="Ops">The operations.</param>
/// <param name="Senders">How many clients send signals.</param>
/// <param name="PerSender">How many each sends, numbered from 1.</param>
/// <param name="TellParent">How many signals the run sends to its parent.</param>
/// <param name="Apart">True: children have ids of their own, so that most of them are in other shard groups than their parents.</param>
public sealed record Plan(IReadOnlyList<Op> Ops, int Senders, int PerSender, int TellParent = 0, bool Apart = false)
{
    /// <summary>The marks that the run must have left, in order.</summary>
    public IReadOnlyList<string> Expected() => [.. Ops.SelectMany(MarksOf)];

    /// <summary>The children that it runs one after the other, with their ids if they have ids of their own.</summary>
    /// <param name="id">The id of the run.</param>
    public IEnumerable<(string Id, Plan Plan, Op Op)> Children(string id) => Ops.Where(op => op.Child is not null).Select(op => ($"{id}-{op.Name}", op.Child!, op));

    private static IEnumerable<string> MarksOf(Op op) => op.Kind switch
    {
        OpKind.Parallel => Enumerable.Range(0, op.Count).Select(part => $"{op.Name}.{part}"),
        OpKind.Child or OpKind.Echo => op.Child!.Expected().Select(mark => $"{op.Name}/{mark}"),
        OpKind.Patience or OpKind.Roll => [],
        _ => [op.Name],
    };
}

/// <summary>What an inbox is to receive.</summary>
/// <param name="Senders">How many clients send.</param>
/// <param name="PerSender">How many items each sends, numbered from 1.</param>
/// <param name="RollEvery">After how many items a generation ends.</param>
/// <param name="EffectEvery">After how many items an activity runs.</param>
public sealed record InboxPlan(int Senders, int PerSender, int RollEvery, int EffectEvery);

/// <summary>Makes plans.</summary>
/// <param name="seed">Where they come from.</param>
/// <param name="work">mix, inbox, hot or cross.</param>
/// <param name="groupOf">The group of a shard, or null with one group: with several children have ids of their own, and many of them are in another group than their parent.</param>
public sealed class Plans(int seed, string work, Func<short, int>? groupOf = null)
{
    /// <summary>Ids of chains are this and their number.</summary>
    public const string ChainPrefix = "chain-";

    /// <summary>How long a sender rests at most between two messages, in milliseconds.</summary>
    public int Rest => work is "mix" or "cross" ? 120 : 15;

    /// <summary>Of a mix every fourth run is an inbox.</summary>
    public bool IsInbox(int number) => work is "inbox" or "hot" || (work == "mix" && number % 4 == 3);

    public InboxPlan Inbox(int number)
    {
        if (work == "inbox") return new InboxPlan(Senders: 8, PerSender: 25, RollEvery: 7, EffectEvery: 9);
        if (work == "hot") return new InboxPlan(Senders: 16, PerSender: 20, RollEvery: 40, EffectEvery: 5);
        var random = RandomOf(seed, number);
        return new InboxPlan(random.Next(1, 5), random.Next(3, 12), random.Next(3, 8), random.Next(2, 5));
    }

    public Plan Chain(int number)
    {
        var random = RandomOf(seed, number);
        var plan = work == "cross" ? Talk(random, "", random.Next(2, 5), depth: 0) with { Senders = 1, PerSender = 2 } : Chain(random, "", random.Next(3, 9), depth: 0) with { Senders = random.Next(0, 4), PerSender = random.Next(1, 5) };
        return plan with { Apart = groupOf is not null };
    }

    /// <summary>The group of a workflow id.</summary>
    public int GroupOf(string id) => groupOf?.Invoke(Storage.Shards.Of("default", id)) ?? 0;

    /// <summary>How many starts, results and signals go from group to group in a chain.</summary>
    public int CrossingsOf(int number) => groupOf is null ? 0 : CrossingsOf($"{ChainPrefix}{number}", Chain(number));

    private int CrossingsOf(string id, Plan plan) => plan.Children(id).Sum(child =>
        CrossingsOf(child.Id, child.Plan) + (GroupOf(id) == GroupOf(child.Id) ? 0 : child.Op.Kind == OpKind.Echo ? child.Op.Count + 2 : 2));

    // Children that tell their parents much, each after a little work.
    private static Plan Talk(Random random, string prefix, int length, int depth) => new([.. Enumerable.Range(0, length).Select(at => random.Next(6) switch
    {
        0 => new Op(OpKind.Activity, $"a{prefix}{at}", 1, random.Next(1, 40)),
        1 when depth == 0 => new Op(OpKind.Roll, $"r{prefix}{at}", 1, 0),
        1 or 2 => new Op(OpKind.Child, $"c{prefix}{at}", 1, 0, Talk(random, $"{prefix}{at}-", depth < 1 ? random.Next(1, 3) : 0, depth + 1)),
        _ => new Op(OpKind.Echo, $"e{prefix}{at}", random.Next(4, 16), 0, Talk(random, $"{prefix}{at}-", depth < 1 ? random.Next(0, 2) : 0, depth + 1)),
    })], 0, 0);

    private static Plan Chain(Random random, string prefix, int length, int depth) => new([.. Enumerable.Range(0, length).Select(at => Next(random, $"{prefix}{at}", depth))], 0, 0);

    private static Op Next(Random random, string name, int depth) => random.Next(20) switch
    {
        < 5 => new Op(OpKind.Step, $"s{name}", 1, random.Next(1, 40)),
        < 9 => new Op(OpKind.Activity, $"a{name}", 1, random.Next(1, 60)),
        9 => new Op(OpKind.Flaky, $"f{name}", random.Next(1, 3), random.Next(1, 20)),
        10 => new Op(OpKind.Beat, $"b{name}", 1, random.Next(50, 400)),
        11 or 12 => new Op(OpKind.Parallel, $"p{name}", random.Next(2, 6), random.Next(5, 80)),
        13 or 14 => new Op(OpKind.Timer, $"t{name}", 1, random.Next(20, 900)),
        15 => new Op(OpKind.Patience, $"w{name}", 1, random.Next(20, 300)),
        16 or 17 when depth < 2 => new Op(OpKind.Child, $"c{name}", 1, 0, Chain(random, $"{name}-", random.Next(1, 4), depth + 1)),
        18 when depth < 2 => new Op(OpKind.Echo, $"e{name}", random.Next(2, 6), 0, Chain(random, $"{name}-", random.Next(0, 2), depth + 1)),
        19 when depth == 0 => new Op(OpKind.Roll, $"r{name}", 1, 0),
        _ => new Op(OpKind.Step, $"s{name}", 1, random.Next(1, 20)),
    };

    private static Random RandomOf(int seed, int number) => new(unchecked((seed * 1_000_003) + (number * 7_919)));
}
