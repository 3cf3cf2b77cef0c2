// Makes programs from a seed: short ones, nested ones, all kinds of operations, everything finite.
namespace Durable.Simulation;

/// <summary>Generates plans.</summary>
internal sealed class PlanMaker(SimRandom random, Profile profile)
{
    private int fixedIds;
    private int ownIds;

    public Plan Make(string id)
    {
        var generations = random.Chance(profile.ContinueAsNew) ? random.Between(2, 4) : 1;
        return new Plan(id, generations, Ops(random.Between(1, profile.MaxOps), 0));
    }

    private List<Op> Ops(int count, int depth)
    {
        var ops = new List<Op>(count);
        for (var i = 0; i < count; i++) ops.Add(One(depth));
        return ops;
    }

    private List<Op> Nested(int depth) => Ops(random.Between(1, 3), depth + 1);

    private Op One(int depth)
    {
        var kind = Kind();
        if (depth >= 2 && kind is OpKind.Both or OpKind.Either or OpKind.Child or OpKind.StartChild or OpKind.Saga) kind = OpKind.Activity;
        return kind switch
        {
            OpKind.Activity => new Op(kind, random.Below(SimActivities.Behaviours) | (random.Below(100) << 8), random.Below(7)),
            OpKind.Step => new Op(kind, random.Pick([0, 0, 1, 3, 4])),
            OpKind.Timer => new Op(kind, random.Pick([1, 20, 200, 900, 2_500])),
            OpKind.WaitSignals => new Op(kind, random.Pick([50, 500, 2_000]), random.Between(1, 4)),
            OpKind.Receive => new Op(kind, random.Pick([0, 50, 500, 2_000])),
            OpKind.Child or OpKind.StartChild => new Op(kind, random.Below(8), ChildId(), Nested(depth)),
            OpKind.Both or OpKind.Either => new Op(kind, 0, 0, Nested(depth), Nested(depth)),
            OpKind.Saga => new Op(kind, random.Below(2), 0, Nested(depth)),
            OpKind.SignalOther or OpKind.SendOther or OpKind.CancelOther => Gathered(new Op(kind, random.Below(6), random.Below(1_000))),
            OpKind.Fail when depth == 0 || random.Chance(0.5) => new Op(OpKind.Attribute, 1),
            _ => new Op(kind, random.Below(3)),
        };
    }

    // With an id of its own a child may be in another shard group than its parent.
    private int ChildId() => random.Chance(0.2) ? 1 + fixedIds++ % 2 : profile.Groups > 1 && random.Chance(0.75) ? 100 + ownIds++ : 0;

    // Between groups some are sent several at once: then a sender has more than one row that waits. It takes nothing from the seed's chance.
    private Op Gathered(Op op) => profile.Groups > 1 && op.Kind != OpKind.CancelOther && op.B % 3 == 0 ? op with { B = op.B + SimWorkflow.AtOnce } : op;

    private OpKind Kind() => profile.Groups > 1 && random.Chance(0.15) ? random.Pick([OpKind.Child, OpKind.StartChild, OpKind.SignalOther, OpKind.SendOther]) : Ordinary();

    private OpKind Ordinary() => profile.OnlyTimers ? OpKind.Timer : random.Below(100) switch
    {
        < 22 => OpKind.Activity,
        < 30 => OpKind.Step,
        < 42 => OpKind.Timer,
        < 50 => OpKind.WaitSignals,
        < 60 => OpKind.Receive,
        < 66 => OpKind.Child,
        < 69 => OpKind.StartChild,
        < 76 => OpKind.Both,
        < 80 => OpKind.Either,
        < 83 => OpKind.Saga,
        < 85 => OpKind.Patch,
        < 88 => OpKind.Promise,
        < 91 => OpKind.SignalOther,
        < 94 => OpKind.SendOther,
        < 95 => OpKind.CancelOther,
        < 97 => OpKind.Attribute,
        < 99 => OpKind.WaitHandlers,
        _ => OpKind.Fail,
    };
}
