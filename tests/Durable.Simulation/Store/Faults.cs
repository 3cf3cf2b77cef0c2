// What can go wrong with one call of the store, and how often: a part of a seed's profile.
namespace Durable.Simulation;

/// <summary>How a call of the store goes.</summary>
internal enum CallFault
{
    /// <summary>It is applied and answered at once.</summary>
    None,

    /// <summary>It is applied and answered, each a moment later.</summary>
    Delay,

    /// <summary>Nothing happens, and the caller is told nothing certain.</summary>
    LostBefore,

    /// <summary>It takes effect; the caller is told nothing certain.</summary>
    LostAfter,

    /// <summary>The caller gives up; it takes effect long after.</summary>
    Late,

    /// <summary>Nothing happens, and the same may be sent again.</summary>
    Retry,

    /// <summary>Nothing happens, and that is certain.</summary>
    Away,

    /// <summary>It takes longer than the lease.</summary>
    Slow,

    /// <summary>The process dies before it is sent.</summary>
    CrashBefore,

    /// <summary>The process dies after it took effect.</summary>
    CrashAfter,

    /// <summary>The process dies when it is sent; it takes effect later.</summary>
    CrashLate,
}

/// <summary>Weights of the faults of calls, per thousand.</summary>
internal sealed class FaultRates
{
    private readonly int[] perMille = new int[Enum.GetValues<CallFault>().Length];

    public int this[CallFault fault]
    {
        get => perMille[(int)fault];
        set => perMille[(int)fault] = value;
    }

    /// <summary>True if anything but a delay can happen.</summary>
    public bool Any => perMille.Skip((int)CallFault.LostBefore).Any(static rate => rate > 0);

    /// <summary>Picks how a call goes.</summary>
    public CallFault Pick(SimRandom random)
    {
        var dice = random.Below(1_000);
        for (var i = 0; i < perMille.Length; i++)
        {
            dice -= perMille[i];
            if (dice < 0) return (CallFault)i;
        }

        return CallFault.None;
    }
}
