// All kinds of commands. The numbers are stored in the commands column: never change one, never use one again.
namespace Durable.Engine.History;

/// <summary>What a turn asked for.</summary>
internal enum CommandKind
{
    /// <summary>Call an activity. Name: the activity.</summary>
    Activity = 1,

    /// <summary>Run an inline step. Name: the step.</summary>
    Step = 2,

    /// <summary>Set a timer.</summary>
    Timer = 3,

    /// <summary>Start a child run. Name: its class. Target: its workflow id.</summary>
    Child = 4,

    /// <summary>Signal another run. Name: the signal. Target: its workflow id.</summary>
    Signal = 5,

    /// <summary>Put an item into another run's mailbox. Name: the mailbox. Target: its workflow id.</summary>
    Send = 6,

    /// <summary>Cancel another run. Target: its workflow id.</summary>
    CancelRun = 7,

    /// <summary>Open a promise.</summary>
    Promise = 8,

    /// <summary>A patch or version marker. Name: its id. Target: the version, or null for a patch.</summary>
    Marker = 9,

    /// <summary>Set an attribute. Name: the attribute.</summary>
    Attribute = 10,

    /// <summary>Give up an operation that is pending. The ordinal is that operation's.</summary>
    Cancel = 11,

    /// <summary>Answer an update. Target: its id.</summary>
    Answer = 12,

    /// <summary>The run completes.</summary>
    Complete = 20,

    /// <summary>The run fails.</summary>
    Fail = 21,

    /// <summary>The run ends because it was asked to cancel.</summary>
    Cancelled = 22,

    /// <summary>The run goes on as a new generation.</summary>
    ContinueAsNew = 23,
}
