// The workflow classes of the frozen histories. Never change one: add another.
namespace Durable.Core.Tests.Replay;

internal static class FrozenWorkflows
{
    public static IReadOnlyList<Type> All { get; } =
    [
        typeof(FrozenOrder), typeof(FrozenCart), typeof(FrozenFanOut), typeof(FrozenParent), typeof(FrozenCancelled), typeof(FrozenPatched), typeof(FrozenPromise), typeof(FrozenTimers), typeof(FrozenDerived), typeof(FrozenOrders),
        typeof(FrozenFailures),
    ];
}

/// <summary>A saga with an approval: approved, expired or failed, as its signals and activities say.</summary>
public sealed class FrozenOrder(WorkflowContext workflow, IActs acts)
{
    private string? approvedBy;

    [Run]
    public async Task<string> RunAsync(Item item)
    {
        var saga = workflow.StartSaga();
        var charge = await acts.EchoAsync($"charge {item.Name}");
        saga.OnFailure(() => acts.DoAsync($"refund {charge}"));
        if (item.Count > 10 && !await workflow.WaitUntilAsync(() => approvedBy is not null, TimeSpan.FromDays(3))) return await saga.CompensateAsync("expired");
        var stamp = await workflow.StepAsync("stamp", () => Task.FromResult(17));
        if (item.Name == "broken") await acts.FailAsync("cannot ship");
        return $"{approvedBy} {stamp}";
    }

    [Signal]
    public void Approve(string by) => approvedBy = by;
}

/// <summary>A mailbox loop that continues as new after three items.</summary>
public sealed class FrozenCart(WorkflowContext workflow)
{
    public Mailbox<Item> Commands { get; } = workflow.CreateMailbox<Item>();

    [Run]
    public async Task<int> RunAsync(int total)
    {
        for (var i = 0; await Commands.ReceiveAsync(TimeSpan.FromHours(24)) is { } command; i++)
        {
            total += command.Count;
            if (i == 2) return workflow.ContinueAsNew(() => RunAsync(total));
        }

        return total;
    }
}

/// <summary>Bounded fan-out, then tasks in the order they end.</summary>
public sealed class FrozenFanOut(WorkflowContext workflow, IActs acts)
{
    [Run]
    public async Task<string> RunAsync(int count)
    {
        var sums = await workflow.ForEachAsync(Enumerable.Range(0, count), 3, i => acts.AddAsync(i, i));
        var text = string.Join(",", sums);
        await foreach (var task in workflow.WhenEachAsync(sums.Select(sum => acts.EchoAsync(sum.ToString())).ToList())) text += $" {await task}";
        return text;
    }
}

/// <summary>Children run and started, signalled, sent to and cancelled.</summary>
public sealed class FrozenParent(WorkflowContext workflow)
{
    [Run]
    public async Task<string> RunAsync()
    {
        var first = await workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("a"));
        var child = await workflow.StartChildAsync((ChildWorkflow w) => w.RunAsync("b"), new() { Id = "named-child", ParentClose = ParentClosePolicy.Abandon });
        await child.SignalAsync(w => w.Nudge("now"));
        await child.SendAsync(w => w.Inbox, new Item("item"));
        var second = await child.ResultAsync();
        await workflow.GetRun<ChildWorkflow>("elsewhere").CancelAsync("enough");
        return first + second;
    }
}

/// <summary>Cancelled while it waits for several things; cleans up.</summary>
public sealed class FrozenCancelled(WorkflowContext workflow, IActs acts)
{
    [Run]
    public async Task RunAsync()
    {
        try
        {
            await Task.WhenAll(workflow.DelayAsync(TimeSpan.FromDays(1)), acts.NeverAsync("n"), workflow.WaitUntilAsync(() => false, TimeSpan.FromDays(2)));
        }
        finally
        {
            await acts.DoAsync("cleanup");
        }
    }
}

/// <summary>Patched and Version.</summary>
public sealed class FrozenPatched(WorkflowContext workflow, IActs acts)
{
    [Run]
    public async Task<string> RunAsync()
    {
        var text = "";
        for (var i = 0; i < 2; i++)
        {
            if (workflow.Patched("fix-1")) text += await acts.EchoAsync("new");
            text += await acts.EchoAsync($"v{workflow.Version("calc", 1, 2)}");
        }

        workflow.SetAttribute(new AttributeKey<string>("result"), text);
        return text;
    }
}

/// <summary>A promise kept from outside, and an update.</summary>
public sealed class FrozenPromise(WorkflowContext workflow, IActs acts)
{
    private int updates;

    [Run]
    public async Task<string> RunAsync()
    {
        var promise = workflow.CreatePromise<string>();
        await acts.DoAsync("send the link");
        var kept = await promise.Task;
        await workflow.WaitUntilAsync(() => updates == 2 && workflow.AllHandlersFinished);
        return kept;
    }

    [Update]
    public async Task<string> ChangeAsync(string text)
    {
        updates++;
        if (text == "bad") throw new InvalidOperationException("refused");
        return await acts.EchoAsync(text);
    }
}

/// <summary>Timers of the BCL on durable time.</summary>
public sealed class FrozenTimers(IActs acts, TimeProvider time)
{
    [Run]
    public async Task<string> RunAsync()
    {
        var text = "";
        await Task.Delay(TimeSpan.FromMilliseconds(1_500.7), time);
        try
        {
            await acts.NeverAsync("n").WaitAsync(TimeSpan.FromSeconds(2), time);
        }
        catch (TimeoutException)
        {
            text += "timeout ";
        }

        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(3), time);
        using var registration = source.Token.Register(() => text += "callback ");
        using var periodic = new PeriodicTimer(TimeSpan.FromSeconds(2), time);
        for (var i = 0; i < 2; i++)
        {
            await periodic.WaitForNextTickAsync();
            text += $"tick{i} ";
        }

        return text;
    }
}

/// <summary>Names derived from NewGuid and Random.</summary>
public sealed class FrozenDerived(WorkflowContext workflow, Random random)
{
    [Run]
    public async Task RunAsync()
    {
        for (var i = 0; i < 3; i++) await workflow.StepAsync($"{workflow.NewGuid():N} {random.Next(1_000)} {random.NextDouble():R} {workflow.UtcNow:O}", () => Task.CompletedTask);
    }
}

/// <summary>Orders that are the BCL's, as names of steps.</summary>
public sealed class FrozenOrders(WorkflowContext workflow, IActs acts)
{
    private readonly List<string> order = [];

    [Run]
    public async Task RunAsync()
    {
        var shared = acts.DoAsync("shared");
        await Task.WhenAll(Enumerable.Range(1, 4).Select(i => MarkAsync($"a{i}", shared)).ToList());
        using var gate = new SemaphoreSlim(1, 1);
        await Task.WhenAll(Enumerable.Range(1, 3).Select(i => InAsync(gate, i)).ToList());
        var busy = false;
        await Task.WhenAll(Enumerable.Range(1, 3).Select(async i =>
        {
            await workflow.WaitUntilAsync(() => !busy);
            busy = true;
            await acts.DoAsync("mutex");
            order.Add($"m{i}");
            busy = false;
        }).ToList());
        var any = await Task.WhenAny(acts.EchoAsync("x"), acts.EchoAsync("y"));
        await workflow.StepAsync($"{string.Join(" ", order)} {await any}", () => Task.CompletedTask);
    }

    private async Task MarkAsync(string name, Task task)
    {
        await task;
        order.Add(name);
    }

    private async Task InAsync(SemaphoreSlim gate, int i)
    {
        await gate.WaitAsync();
        await acts.DoAsync("in");
        order.Add($"s{i}");
        gate.Release();
    }
}

/// <summary>Everything that can fail, one after the other.</summary>
public sealed class FrozenFailures(WorkflowContext workflow)
{
    [Run]
    public async Task<string> RunAsync()
    {
        var text = await OfAsync(workflow.StepAsync("broken", new Func<Task<int>>(() => throw new InvalidOperationException("cannot stamp"))));
        text += await OfAsync(workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("a")));
        text += await OfAsync(workflow.StartChildAsync((ChildWorkflow w) => w.RunAsync("b"), new() { Id = "taken" }));
        text += await OfAsync(workflow.GetRun<ChildWorkflow>("nobody").SignalAsync(w => w.Nudge("now")));
        return text + await OfAsync(workflow.CreatePromise<string>().Task);
    }

    private static async Task<string> OfAsync(Task task)
    {
        try
        {
            await task;
            return "fine ";
        }
        catch (DurableException error)
        {
            return error.Code + " ";
        }
    }
}
