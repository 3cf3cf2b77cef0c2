// Workflow classes that the client's tests call: a good one, and one for each mistake.
namespace Durable.Core.Tests.Client;

public sealed record Line(string Sku, int Quantity);

public sealed record Login(string User, string Password);

public interface IShop
{
    Task<string> ChargeAsync(string customer, int total);
}

[Workflow("Order")]
public sealed class OrderFlow(WorkflowContext workflow, IShop shop)
{
    private readonly List<string> approvals = [];
    public readonly int Field = 1;

    public Mailbox<Line> Lines { get; } = workflow.CreateMailbox<Line>();

    public OrderFlow Self => this;

    [Query] public string State => approvals.Count == 0 ? "waiting" : "approved";

    [Query] public List<string> Approvals => approvals;

    [Query] public int Count => approvals.Count;

    public int Unmarked => 7;

    [Run]
    public async Task<string> RunAsync(string customer, int total)
    {
        await workflow.WaitUntilAsync(() => approvals.Count > 0);
        return await shop.ChargeAsync(customer, total);
    }

    public Task<string> OtherAsync(string customer) => Task.FromResult(customer);

    public Mailbox<Line> Box() => Lines;

    [Signal] public void Approve(string by) => approvals.Add(by);

    [Signal] public void Log(Login login) => approvals.Add(login.User);

    public void Touch() => approvals.Clear();

    [Query] public string Greet(string name, int times) => string.Concat(Enumerable.Repeat($"hello {name} ", times)).Trim();

    [Query] public string Broken() => throw new InvalidOperationException("no answer");

    [Query] public string Greedy() => workflow.DelayAsync(TimeSpan.FromSeconds(1)).ToString()!;

    [Update] public Task<int> AddAsync(Line line) => Task.FromResult(line.Quantity);

    [Update] public Task ClearAsync() => Task.CompletedTask;
}

/// <summary>Not registered in the tests' process: it only calls.</summary>
public sealed class Elsewhere
{
    [Run] public Task RunAsync(int number) => Task.FromResult(number);

    [Query] public int Number => 1;

    [Signal] public void Poke() => Touch();

    [Signal] public ValueTask Slow() => ValueTask.CompletedTask;

    [Signal] public void Generic<T>(T value) => Touch();

    [Signal] public void WithToken(CancellationToken token) => token.ThrowIfCancellationRequested();

    [Query] public Task<int> Later() => Task.FromResult(1);

    private static void Touch() => TestContext.Progress.Flush();
}

public sealed class NoRun
{
    public Task RunAsync() => Task.CompletedTask;
}

public sealed class TwoRuns
{
    [Run] public Task RunAsync() => Task.CompletedTask;

    [Run] public Task RunAsync(int number) => Task.FromResult(number);
}

public sealed class TokenRun
{
    [Run] public Task RunAsync(CancellationToken token) => Task.FromCanceled(token);
}

public sealed class GenericRun
{
    [Run] public Task RunAsync<T>(T value) => Task.FromResult(value);
}

public sealed class Unpinned<T>
{
    [Run] public Task RunAsync(T value) => Task.FromResult(value);
}

[Workflow("Pinned", Version = 3)]
public sealed class Pinned<T>
{
    [Run] public Task RunAsync(T value) => Task.FromResult(value);
}

public abstract class BaseRun
{
    [Run] public virtual Task RunAsync(int number) => Task.FromResult(number);
}

public sealed class DerivedRun : BaseRun;

public interface IContract
{
    [Run] Task RunAsync(int number);
}

public sealed class Sealed(Action act)
{
    public Action Act => act;
}

public sealed class Unstorable
{
    [Run] public Task RunAsync(Sealed value) => Task.FromResult(value);
}
