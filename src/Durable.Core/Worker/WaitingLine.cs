// The line of attempts that wait for a place: first in, first out, and those that wait too long may leave it for another host.
namespace Durable.Engine.Worker;

/// <summary>Something that waits for a place.</summary>
internal interface IWaiter
{
    /// <summary>True if another host may run it instead.</summary>
    bool MayLeave { get; }

    /// <summary>It has been taken out of the line and will not run here: tells whoever keeps it.</summary>
    void Leave();
}

/// <summary>A line. Not safe from several threads: its owner has a lock.</summary>
internal sealed class WaitingLine
{
    private Queue<(Action Run, long Since, IWaiter? Who)> line = new();

    /// <summary>How many wait.</summary>
    public int Count => line.Count;

    /// <summary>The last one comes.</summary>
    public void Add(Action run, long since, IWaiter? who) => line.Enqueue((run, since, who));

    /// <summary>The first one goes to its place.</summary>
    public bool TryTake(out Action? run)
    {
        var found = line.TryDequeue(out var first);
        run = first.Run;
        return found;
    }

    /// <summary>Takes out those that may leave and have come before a moment. The order of the others stays.</summary>
    public IReadOnlyList<IWaiter> TakeOut(long before)
    {
        if (!line.TryPeek(out var first) || first.Since >= before) return [];
        var (left, stays) = (new List<IWaiter>(), new Queue<(Action, long, IWaiter?)>());
        foreach (var one in line)
        {
            if (one.Since < before && one.Who is { MayLeave: true } who) left.Add(who);
            else stays.Enqueue(one);
        }

        line = stays;
        return left;
    }
}
