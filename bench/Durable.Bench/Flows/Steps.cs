// Workflows of plain steps: one after the other, at once, inline.
namespace Durable.Bench;

/// <summary>So many activities, one after the other (W1, W2, W3).</summary>
[Workflow("bench-sequence")]
public sealed class Sequence(IEcho echo)
{
    /// <summary>60 bytes as JSON, in and out of each step.</summary>
    public const string Text = "A text that has fifty-eight characters, as a payload has..";

    /// <summary>Runs it.</summary>
    [Run]
    public async Task<string> RunAsync(int steps)
    {
        var text = Text;
        for (var i = 0; i < steps; i++) text = await echo.EchoAsync(text);
        return text;
    }
}

/// <summary>So many activities at once (W1p, W4).</summary>
[Workflow("bench-fan")]
public sealed class Fan(IEcho echo)
{
    /// <summary>Runs it.</summary>
    [Run]
    public async Task<string> RunAsync(int width)
    {
        var all = new Task<string>[width];
        for (var i = 0; i < width; i++) all[i] = echo.EchoAsync(Sequence.Text);
        await Task.WhenAll(all);
        return all[0].Result;
    }
}

/// <summary>So many inline steps, one after the other (W1i).</summary>
[Workflow("bench-inline")]
public sealed class Inline(WorkflowContext workflow)
{
    /// <summary>Runs it.</summary>
    [Run]
    public async Task<string> RunAsync(int steps)
    {
        var text = Sequence.Text;
        for (var i = 0; i < steps; i++)
        {
            var input = text;
            text = await workflow.StepAsync("echo", () => Task.FromResult(input));
        }

        return text;
    }
}

/// <summary>So many activities that take and give a record of three fields (W9).</summary>
[Workflow("bench-records")]
public sealed class Records(IEcho echo)
{
    /// <summary>Runs it.</summary>
    [Run]
    public async Task<int> RunAsync(int steps)
    {
        var parcel = new Parcel(7, "tea, cups and a kettle", 2.45m);
        for (var i = 0; i < steps; i++) parcel = await echo.PackAsync(parcel);
        return parcel.Id;
    }
}

/// <summary>So many activities on a queue, one after the other (W1q).</summary>
[Workflow("bench-queued")]
public sealed class Queued(WorkflowContext workflow, IEcho echo)
{
    /// <summary>The queue.</summary>
    public const string Queue = "bench";

    /// <summary>Runs it.</summary>
    [Run]
    public async Task<string> RunAsync(int steps)
    {
        var routed = workflow.With(echo, new ActivityOptions { Queue = Queue });
        var text = Sequence.Text;
        for (var i = 0; i < steps; i++) text = await routed.EchoAsync(text);
        return text;
    }
}
