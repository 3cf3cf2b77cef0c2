// Workflows that wait: for time, for signals, for a worker that dies.
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>Sleeps once and notes how late it woke (W5).</summary>
[Workflow("bench-sleeper")]
public sealed class Sleeper(WorkflowContext workflow)
{
    /// <summary>Runs it.</summary>
    [Run]
    public async Task RunAsync(int milliseconds)
    {
        var due = workflow.UtcNow + TimeSpan.FromMilliseconds(milliseconds);
        await workflow.DelayAsync(TimeSpan.FromMilliseconds(milliseconds));
        Lags.Note(DateTimeOffset.UtcNow - due);          // measured outside of the history on purpose: this is what the bench is about
    }
}

/// <summary>How late sleepers woke.</summary>
internal static class Lags
{
    private static double[] lags = [];
    private static int count;

    public static int Count => Math.Min(Volatile.Read(ref count), lags.Length);

    public static void Begin(int most) => (lags, count) = (new double[most], 0);

    public static void Note(TimeSpan lag)
    {
        var at = Interlocked.Increment(ref count) - 1;
        if (at < lags.Length) lags[at] = lag.TotalMilliseconds;
    }

    public static double[] All => [.. lags.AsSpan(0, Count)];
}

/// <summary>Answers each signal as soon as its code sees it (W6).</summary>
[Workflow("bench-pong")]
public sealed class Pong(WorkflowContext workflow)
{
    private int seen;

    /// <summary>Runs it.</summary>
    [Run]
    public async Task RunAsync(int pings)
    {
        for (var i = 1; i <= pings; i++)
        {
            var wanted = i;
            await workflow.WaitUntilAsync(() => seen >= wanted);
        }
    }

    /// <summary>One ping.</summary>
    [Signal]
    public void Ping(int number)
    {
        seen = number;
        Pongs.Seen(number);
    }
}

/// <summary>Where a pong is heard in this process.</summary>
internal static class Pongs
{
    private static TaskCompletionSource<long> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static int awaited;

    /// <summary>Waits for a ping to be seen; gives the timestamp.</summary>
    public static Task<long> Await(int number)
    {
        next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref awaited, number);
        return next.Task;
    }

    public static void Seen(int number)
    {
        if (Volatile.Read(ref awaited) == number) next.TrySetResult(Stopwatch.GetTimestamp());
    }
}

/// <summary>Says what it sees, with its time, to a parent process that reads its output (W6o and its like).</summary>
[Workflow("bench-witness")]
public sealed class Witness(WorkflowContext workflow)
{
    private bool told;

    /// <summary>Runs it.</summary>
    [Run]
    public async Task RunAsync(int number)
    {
        Say("BEGUN", number);
        try
        {
            await workflow.WaitUntilAsync(() => told);
            Say("TOLD", number);
        }
        catch (OperationCanceledException)
        {
            Say("CANCELLED", number);
            throw;
        }
    }

    /// <summary>Ends it.</summary>
    [Signal]
    public void Tell() => told = true;

    private static void Say(string what, int number) => Witnesses.Say(what, number);
}

/// <summary>The output of a child process.</summary>
internal static class Witnesses
{
    /// <summary>Outside of the history on purpose, as the bench is about the moment itself.</summary>
    public static void Say(string what, int number) => Console.WriteLine(FormattableString.Invariant($"{what} {number} {Stopwatch.GetTimestamp()}"));
}

/// <summary>Three steps of which the second hangs until its process has died once (W7).</summary>
[Workflow("bench-hanger")]
public sealed class Hanger(IEcho echo)
{
    /// <summary>Runs it.</summary>
    [Run]
    public async Task<string> RunAsync()
    {
        var text = await echo.EchoAsync(Sequence.Text);
        text = await echo.HangAsync(text);
        return await echo.EchoAsync(text);
    }
}

/// <summary>Waits for a signal that nobody sends (W8, W11, idle memory).</summary>
[Workflow("bench-idler")]
public sealed class Idler(WorkflowContext workflow)
{
    private bool told;

    /// <summary>Runs it.</summary>
    [Run]
    public async Task<string> RunAsync(string input)
    {
        await workflow.WaitUntilAsync(() => told);
        return input;
    }

    /// <summary>Ends it.</summary>
    [Signal]
    public void Tell() => told = true;
}
