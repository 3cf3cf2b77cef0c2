// Workflows that the tests of the kit run.
using System.Globalization;

namespace Durable.Testing.Tests;

/// <summary>Sends and takes back.</summary>
public interface IPost
{
    Task<string> SendAsync(string to, int number);

    Task TakeBackAsync(string letter);
}

public sealed record Letter(string To, decimal Postage);

/// <summary>Ten days, a letter each day.</summary>
public sealed class TenDays(WorkflowContext workflow, IPost post)
{
    [Run]
    public async Task<int> RunAsync(string to)
    {
        for (var day = 1; day <= 10; day++)
        {
            await workflow.DelayAsync(TimeSpan.FromDays(1));
            if (day == 10) await post.SendAsync(to, day);
        }

        return 10;
    }
}

/// <summary>Waits three days for an approval.</summary>
public sealed class Approval(WorkflowContext workflow, IPost post)
{
    private string? by;

    [Run]
    public async Task<string> RunAsync(string what)
    {
        var saga = workflow.StartSaga();
        var letter = await post.SendAsync(what, 1);
        saga.OnFailure(() => post.TakeBackAsync(letter));
        if (!await workflow.WaitUntilAsync(() => by is not null, TimeSpan.FromDays(3))) return await saga.CompensateAsync("expired");
        return $"approved by {by}";
    }

    [Signal]
    public void Approve(string who) => by = who;

    [Update]
    public async Task<string> AskAsync(string question)
    {
        await workflow.DelayAsync(TimeSpan.FromHours(5));
        return $"{question}!";
    }

    [Query]
    public string State => by ?? "open";
}

/// <summary>What goes wrong only the second time. The modes are what people write.</summary>
public sealed class Unsteady(WorkflowContext workflow, IPost post)
{
    private static int calls;

    [Run]
    public async Task<string> RunAsync(string mode)
    {
        await workflow.DelayAsync(TimeSpan.FromHours(1));
        switch (mode)
        {
            case "id":
                return await post.SendAsync(Guid.NewGuid().ToString(), 1);
            case "branch" when Interlocked.Increment(ref calls) % 2 == 1:
                return await post.SendAsync("odd", 1);
            case "branch":
                await workflow.DelayAsync(TimeSpan.FromDays(1));
                return "even";
            case "thread":
                return await post.SendAsync("x", Environment.CurrentManagedThreadId);
            case "culture":
                return await post.SendAsync(1.5.ToString(CultureInfo.CurrentCulture), 1);
            default:
                return await post.SendAsync(workflow.NewGuid().ToString(), workflow.UtcNow.Hour);
        }
    }
}

/// <summary>Loops of an hour: for long histories.</summary>
public sealed class Hours(WorkflowContext workflow)
{
    [Run]
    public async Task<int> RunAsync(int count)
    {
        for (var hour = 0; hour < count; hour++) await workflow.DelayAsync(TimeSpan.FromHours(1));
        return count;
    }
}

/// <summary>A parent and its child, and a signal from one to the other.</summary>
public sealed class Parent(WorkflowContext workflow)
{
    [Run]
    public async Task<string> RunAsync(string what)
    {
        var child = await workflow.StartChildAsync((Child w) => w.RunAsync(what));
        await workflow.DelayAsync(TimeSpan.FromDays(30));
        await child.SignalAsync(w => w.Go());
        return await child.ResultAsync();
    }
}

public sealed class Child(WorkflowContext workflow)
{
    private bool gone;

    [Run]
    public async Task<string> RunAsync(string what)
    {
        await workflow.WaitUntilAsync(() => gone);
        await workflow.DelayAsync(TimeSpan.FromDays(365));
        return what + " done";
    }

    [Signal]
    public void Go() => gone = true;
}

/// <summary>Waits for ever.</summary>
public sealed class Waiting(WorkflowContext workflow)
{
    [Run]
    public async Task RunAsync()
    {
        await workflow.WaitUntilAsync(() => workflow.Info.WorkflowId.Length == 0);
    }
}

/// <summary>Goes on as a new generation.</summary>
public sealed class Generations(WorkflowContext workflow)
{
    [Run]
    public async Task<int> RunAsync(int left)
    {
        await workflow.DelayAsync(TimeSpan.FromDays(7));
        return left == 0 ? workflow.Info.Generation : workflow.ContinueAsNew(() => RunAsync(left - 1));
    }
}
