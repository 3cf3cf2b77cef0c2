// All kinds of events, in one file. The numbers are stored: never change one, never use one again.
namespace Durable.Engine.History;

/// <summary>What a row of <c>event</c> records. Messages carry the same numbers: a message becomes the event of its kind.</summary>
internal enum EventKind : short
{
    /// <summary>The generation begins. Payload: <see cref="StartDocument"/>.</summary>
    RunStarted = 0,

    /// <summary>An activity gave its result. Payload: the result.</summary>
    ActivityCompleted = 1,

    /// <summary>An activity gave up. Payload: <see cref="OperationFailure"/>.</summary>
    ActivityFailed = 2,

    /// <summary>A step gave its result. Payload: the result.</summary>
    StepCompleted = 3,

    /// <summary>A step gave up. Payload: <see cref="OperationFailure"/>.</summary>
    StepFailed = 4,

    /// <summary>A timer's time has come.</summary>
    TimerFired = 5,

    /// <summary>A signal. Target: its name. Payload: array of arguments.</summary>
    SignalReceived = 6,

    /// <summary>An item for a mailbox. Target: its name. Payload: the item.</summary>
    MailReceived = 7,

    /// <summary>An update was accepted. Target: its name. Payload: <see cref="UpdateRequest"/>.</summary>
    UpdateReceived = 8,

    /// <summary>Somebody asked the run to cancel. Payload: <see cref="ReasonDocument"/>.</summary>
    CancelRequested = 9,

    /// <summary>A child run is stored.</summary>
    ChildStarted = 10,

    /// <summary>A child run could not be started. Payload: <see cref="OperationFailure"/>.</summary>
    ChildStartFailed = 11,

    /// <summary>A child run completed. Payload: its result.</summary>
    ChildCompleted = 12,

    /// <summary>A child run ended otherwise. Payload: <see cref="OperationFailure"/>.</summary>
    ChildFailed = 13,

    /// <summary>A promise was completed from outside. Payload: the value.</summary>
    PromiseCompleted = 14,

    /// <summary>A promise was failed from outside. Payload: <see cref="OperationFailure"/>.</summary>
    PromiseFailed = 15,

    /// <summary>A signal, item or cancel for another run is stored with it.</summary>
    SendCompleted = 16,

    /// <summary>A signal, item or cancel for another run could not be stored. Payload: <see cref="OperationFailure"/>.</summary>
    SendFailed = 17,

    /// <summary>A mailbox item carried over from the generation before. Target: the mailbox. Payload: the item.</summary>
    MessageCarried = 18,

    /// <summary>Somebody ended the run. Payload: <see cref="ReasonDocument"/>. No code runs.</summary>
    Terminated = 30,

    /// <summary>The run's time is up. No code runs.</summary>
    TimedOut = 31,

    /// <summary>A hold was ended. Payload: <see cref="ReasonDocument"/>. No code runs.</summary>
    Resumed = 32,

    /// <summary>The history is as long as it may be: the run fails. Payload: <see cref="OperationFailure"/>. No code runs.</summary>
    LimitReached = 33,
}

/// <summary>What the kinds have in common.</summary>
internal static class EventKinds
{
    /// <summary>True for the kinds that are recorded without running code.</summary>
    public static bool IsAdministrative(short kind) => kind is >= (short)EventKind.Terminated and <= (short)EventKind.LimitReached;

    /// <summary>True for messages that any lane may take a run for, held ones included (T3).</summary>
    public static bool IsControl(EventKind kind) => kind is EventKind.Terminated or EventKind.Resumed or EventKind.CancelRequested or EventKind.TimedOut;

    /// <summary>True for answers to a command: they belong to one generation.</summary>
    public static bool IsReply(EventKind kind) => kind is (>= EventKind.ActivityCompleted and <= EventKind.TimerFired) or (>= EventKind.ChildStarted and <= EventKind.SendFailed);

    /// <summary>True if this build knows the number.</summary>
    public static bool IsKnown(short kind) => Enum.IsDefined((EventKind)kind);
}
