// What a simulated workflow does: a generated program, given to it as its argument.
namespace Durable.Simulation;

/// <summary>One operation of a program.</summary>
/// <param name="Kind">What.</param>
/// <param name="A">First number: what it means depends on the kind.</param>
/// <param name="B">Second number.</param>
/// <param name="Left">A nested program.</param>
/// <param name="Right">Another.</param>
public sealed record Op(OpKind Kind, int A = 0, int B = 0, IReadOnlyList<Op>? Left = null, IReadOnlyList<Op>? Right = null);

/// <summary>The operations.</summary>
public enum OpKind
{
    /// <summary>An activity: A says how it behaves, B with which options.</summary>
    Activity,

    /// <summary>An inline step: A says how it behaves.</summary>
    Step,

    /// <summary>Waits A milliseconds.</summary>
    Timer,

    /// <summary>Waits until B signals have come, at most A milliseconds.</summary>
    WaitSignals,

    /// <summary>Receives an item, waiting at most A milliseconds.</summary>
    Receive,

    /// <summary>Runs Left as a child and waits; A is the policy, B not 0: a fixed id that others use too.</summary>
    Child,

    /// <summary>Starts Left as a child and goes on; A is the policy.</summary>
    StartChild,

    /// <summary>Left and Right at the same time.</summary>
    Both,

    /// <summary>Left or Right, whichever ends first.</summary>
    Either,

    /// <summary>Left inside a saga which fails if A is not 0.</summary>
    Saga,

    /// <summary>Asks for a patch marker.</summary>
    Patch,

    /// <summary>Gives out a promise's token and waits until somebody settles it.</summary>
    Promise,

    /// <summary>Signals the workflow id number A; several times at once if B says so.</summary>
    SignalOther,

    /// <summary>Sends an item to the workflow id number A; several at once if B says so.</summary>
    SendOther,

    /// <summary>Cancels the workflow id number A.</summary>
    CancelOther,

    /// <summary>Fails the run.</summary>
    Fail,

    /// <summary>Sets an attribute.</summary>
    Attribute,

    /// <summary>An update's or a signal's lock: waits until no handler is under way.</summary>
    WaitHandlers,

    /// <summary>Kills its host whenever it runs.</summary>
    Kill,
}

/// <summary>A program with the number of generations that run it.</summary>
public sealed record Plan(string Id, int Generations, IReadOnlyList<Op> Ops);

/// <summary>What one generation leaves to the next.</summary>
public sealed record Carried(int Generation, int Signals, IReadOnlyList<Note> Received);

/// <summary>A content that is unique in its world: who made it, and its number there.</summary>
public sealed record Note(string From, int Number);
