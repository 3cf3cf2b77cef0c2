// Rules about what workflow code does, wherever the run leads.
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Rules;

/// <summary>Rules about what workflow code does, wherever the run leads.</summary>
internal static class CodeRules
{
    private const string Category = "Durable";
    private const string Help = "https://github.com/example/durable/blob/main/docs/analyzers.md#";

    /// <summary>The wall clock differs in each replay.</summary>
    public static readonly DiagnosticDescriptor Clock = new("DUR6001", "The wall clock differs in each replay",
        "'{0}' reads the wall clock, which differs in each replay. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6001");

    /// <summary>Random ids differ in each replay.</summary>
    public static readonly DiagnosticDescriptor RandomId = new("DUR6002", "Random ids differ in each replay",
        "'{0}' gives another id in each replay. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6002");

    /// <summary>Random numbers differ in each replay.</summary>
    public static readonly DiagnosticDescriptor RandomNumber = new("DUR6003", "Random numbers differ in each replay",
        "'{0}' gives other numbers in each replay. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6003");

    /// <summary>A timer without the injected TimeProvider is not durable.</summary>
    public static readonly DiagnosticDescriptor RealTimer = new("DUR6004", "A timer without the injected TimeProvider is not durable",
        "'{0}' waits on the real clock: it is not recorded and the run is refused with DUR4002. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6004");

    /// <summary>Timers of the base library end at 49.7 days.</summary>
    public static readonly DiagnosticDescriptor LongTimer = new("DUR6005", "Timers of the base library end at 49.7 days",
        "'{0}' throws for more than 49.7 days. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6005");

    /// <summary>CancelAfter on a linked source uses the real clock.</summary>
    public static readonly DiagnosticDescriptor LinkedTimer = new("DUR6006", "CancelAfter on a linked source uses the real clock",
        "'{0}' on a linked source waits on the real clock. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6006");

    /// <summary>Work on the thread pool is not workflow code.</summary>
    public static readonly DiagnosticDescriptor OtherScheduler = new("DUR6007", "Work on the thread pool is not workflow code",
        "'{0}' continues on the thread pool and the run is refused with DUR4002. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6007");

    /// <summary>Threads do not belong into workflow code.</summary>
    public static readonly DiagnosticDescriptor OtherThread = new("DUR6008", "Threads do not belong into workflow code",
        "'{0}' runs code on another thread, or hides that it does. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6008");

    /// <summary>Task.WhenEach resumes on the thread pool.</summary>
    public static readonly DiagnosticDescriptor WhenEach = new("DUR6009", "Task.WhenEach resumes on the thread pool",
        "'{0}' resumes on the thread pool and the run is refused with DUR4002. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6009");

    /// <summary>CancelAsync runs callbacks on the thread pool.</summary>
    public static readonly DiagnosticDescriptor CancelAsync = new("DUR6010", "CancelAsync runs callbacks on the thread pool",
        "'{0}' runs registered callbacks on the thread pool. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6010");

    /// <summary>ReadAllAsync of a channel resumes on the thread pool.</summary>
    public static readonly DiagnosticDescriptor ReadAll = new("DUR6011", "ReadAllAsync of a channel resumes on the thread pool",
        "'{0}' resumes on the thread pool unless the channel allows synchronous continuations. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6011");

    /// <summary>A semaphore wait with a limit goes over the thread pool.</summary>
    public static readonly DiagnosticDescriptor SemaphoreWait = new("DUR6012", "A semaphore wait with a limit goes over the thread pool",
        "'{0}' with a time-out or token goes over the thread pool when it has to wait. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6012");

    /// <summary>A turn may not block.</summary>
    public static readonly DiagnosticDescriptor Blocking = new("DUR6013", "A turn may not block",
        "'{0}' blocks the thread of the turn and the run is refused with DUR4002. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6013");

    /// <summary>A lock in workflow code protects nothing.</summary>
    public static readonly DiagnosticDescriptor Lock = new("DUR6014", "A lock in workflow code protects nothing",
        "'{0}' in workflow code: the code of a run never runs on two threads at once, and a lock that is held elsewhere ends with DUR4002. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6014");

    /// <summary>Workflow code does no input or output.</summary>
    public static readonly DiagnosticDescriptor InputOutput = new("DUR6015", "Workflow code does no input or output",
        "'{0}' does input or output, which replay repeats or the engine refuses. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6015");

    /// <summary>The console is written again in each replay.</summary>
    public static readonly DiagnosticDescriptor ConsoleUse = new("DUR6016", "The console is written again in each replay",
        "'{0}' is repeated in each replay. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6016");

    /// <summary>What the machine says differs from host to host.</summary>
    public static readonly DiagnosticDescriptor Machine = new("DUR6017", "What the machine says differs from host to host",
        "'{0}' depends on the machine or process. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6017");

    /// <summary>Static state is shared by runs and lost by replay.</summary>
    public static readonly DiagnosticDescriptor StaticState = new("DUR6018", "Static state is shared by runs and lost by replay",
        "'{0}' is static and changes: replay sees another value. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6018");

    /// <summary>The order of this collection differs from process to process.</summary>
    public static readonly DiagnosticDescriptor UnstableOrder = new("DUR6019", "The order of this collection differs from process to process",
        "'{0}' is enumerated in an order that differs from process to process. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6019");

    /// <summary>Hash codes differ from process to process.</summary>
    public static readonly DiagnosticDescriptor HashCode = new("DUR6020", "Hash codes differ from process to process",
        "'{0}' differs from process to process. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6020");

    /// <summary>ConfigureAwait(false) leaves the run's context.</summary>
    public static readonly DiagnosticDescriptor NoContext = new("DUR6021", "ConfigureAwait(false) leaves the run's context",
        "'{0}': the rest of the method has no context, which works until it yields or starts something. Use {1}.", Category, DiagnosticSeverity.Info, true, helpLinkUri: Help + "dur6021");

    /// <summary>This needs the context that ConfigureAwait(false) gave up.</summary>
    public static readonly DiagnosticDescriptor LostContext = new("DUR6022", "This needs the context that ConfigureAwait(false) gave up",
        "'{0}' resumes on the thread pool because of ConfigureAwait(false) or ForceYielding. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6022");

    /// <summary>async void hides when it ends.</summary>
    public static readonly DiagnosticDescriptor AsyncVoid = new("DUR6023", "async void hides when it ends",
        "'{0}' is async void: nobody can wait for it, and an exception in it fails the run. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6023");

    /// <summary>async void after ConfigureAwait(false) can end the process.</summary>
    public static readonly DiagnosticDescriptor AsyncVoidLost = new("DUR6024", "async void after ConfigureAwait(false) can end the process",
        "'{0}' is async void and runs after ConfigureAwait(false): an exception in it ends the process. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6024");

    /// <summary>A loop that never waits cannot be stopped.</summary>
    public static readonly DiagnosticDescriptor EndlessLoop = new("DUR6025", "A loop that never waits cannot be stopped",
        "'{0}' never awaits, returns or breaks: nothing can stop it. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6025");

    /// <summary>A swallowed cancellation.</summary>
    public static readonly DiagnosticDescriptor SwallowedCancel = new("DUR6026", "A swallowed cancellation",
        "'{0}' is caught and forgotten, so that a cancel of the run shows as success. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6026");

    /// <summary>A durable timer that nobody disposes still wakes the run.</summary>
    public static readonly DiagnosticDescriptor Undisposed = new("DUR6027", "A durable timer that nobody disposes still wakes the run",
        "'{0}' is never disposed, so that its timer still wakes the run. Use {1}.", Category, DiagnosticSeverity.Info, true, helpLinkUri: Help + "dur6027");

    /// <summary>The delay that loses a WhenAny still wakes the run.</summary>
    public static readonly DiagnosticDescriptor LosingDelay = new("DUR6028", "The delay that loses a WhenAny still wakes the run",
        "'{0}' as a limit leaves its timer pending. Use {1}.", Category, DiagnosticSeverity.Info, true, helpLinkUri: Help + "dur6028");

    /// <summary>A task that nobody awaits.</summary>
    public static readonly DiagnosticDescriptor ForgottenTask = new("DUR6029", "A task that nobody awaits",
        "The task of '{0}' is forgotten: errors in it are lost and its end is not waited for. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6029");

    /// <summary>A step does not use the run.</summary>
    public static readonly DiagnosticDescriptor StepUsesRun = new("DUR6030", "A step does not use the run",
        "'{0}' belongs to the run and may not be used in a step, which runs outside the turn. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6030");

    /// <summary>A step does not change the run.</summary>
    public static readonly DiagnosticDescriptor StepChangesRun = new("DUR6031", "A step does not change the run",
        "'{0}' is changed in a step, which replay does not run again. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6031");

    /// <summary>Two steps of one branch have one name.</summary>
    public static readonly DiagnosticDescriptor SameStepName = new("DUR6032", "Two steps of one branch have one name",
        "The step name '{0}' is used twice in one branch: replay cannot tell the two apart when they change places. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6032");

    /// <summary>DurableClient does not belong into workflow code.</summary>
    public static readonly DiagnosticDescriptor ClientInRun = new("DUR6033", "DurableClient does not belong into workflow code",
        "'{0}' talks to the store from workflow code. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6033");

    /// <summary>The result of ContinueAsNew must be returned.</summary>
    public static readonly DiagnosticDescriptor LostContinuation = new("DUR6034", "The result of ContinueAsNew must be returned",
        "'{0}' only counts when [Run] returns its value. Use {1}.", Category, DiagnosticSeverity.Error, true, helpLinkUri: Help + "dur6034");

    /// <summary>Return right after ContinueAsNew.</summary>
    public static readonly DiagnosticDescriptor AfterContinuation = new("DUR6035", "Return right after ContinueAsNew",
        "'{0}' is not followed by a return: what the code does after it is done by a generation that has ended. Use {1}.", Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help + "dur6035");

    /// <summary>All of them.</summary>
    public static readonly DiagnosticDescriptor[] All =
    [
        Clock, RandomId, RandomNumber, RealTimer, LongTimer, LinkedTimer, OtherScheduler, OtherThread,
        WhenEach, CancelAsync, ReadAll, SemaphoreWait, Blocking, Lock, InputOutput, ConsoleUse,
        Machine, StaticState, UnstableOrder, HashCode, NoContext, LostContext, AsyncVoid, AsyncVoidLost,
        EndlessLoop, SwallowedCancel, Undisposed, LosingDelay, ForgottenTask, StepUsesRun, StepChangesRun, SameStepName,
        ClientInRun, LostContinuation, AfterContinuation,
    ];
}
