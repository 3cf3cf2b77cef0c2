// Workflow classes that cannot be registered, one fault each.
#pragma warning disable CA1822, IDE0060, CS9113
using Microsoft.Extensions.Options;

namespace Durable.Core.Tests.Registration;

public sealed class NoRun;

public sealed class TwoRuns
{
    [Run]
    public Task RunAsync() => Task.CompletedTask;

    [Run]
    public Task AgainAsync() => Task.CompletedTask;
}

public sealed class PrivateRun
{
    [Run]
    private Task RunAsync() => Task.CompletedTask;
}

public sealed class StaticRun
{
    [Run]
    public static Task RunAsync() => Task.CompletedTask;
}

public sealed class GenericRun
{
    [Run]
    public Task RunAsync<T>() => Task.CompletedTask;
}

public sealed class VoidRun
{
    [Run]
    public void RunAsync() => _ = ToString();
}

public sealed class ValueTaskRun
{
    [Run]
    public ValueTask RunAsync() => default;
}

public sealed class TokenRun
{
    [Run]
    public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

public sealed class RefRun
{
    [Run]
    public Task RunAsync(ref int number) => Task.CompletedTask;
}

public abstract class Runs
{
    [Run]
    public Task RunAsync() => Task.CompletedTask;
}

public sealed class ValueTaskSignal : Runs
{
    [Signal]
    public ValueTask Poke() => default;
}

public sealed class TaskOfTSignal : Runs
{
    [Signal]
    public Task<int> Poke() => Task.FromResult(1);
}

public sealed class SyncUpdate : Runs
{
    [Update]
    public int Change() => 1;
}

public sealed class AsyncQuery : Runs
{
    [Query]
    public Task<int> Ask() => Task.FromResult(1);
}

public sealed class VoidQuery : Runs
{
    [Query]
    public void Ask() => _ = ToString();
}

public sealed class TaskProperty : Runs
{
    [Query]
    public Task State => Task.CompletedTask;
}

public sealed class PrivateSignal : Runs
{
    [Signal]
    private void Poke() => _ = ToString();
}

public sealed class PrivateProperty : Runs
{
    [Query]
    private string State => "";
}

public sealed class SameNames : Runs
{
    [Signal]
    public void Poke() => _ = ToString();

    [Signal]
    public Task PokeAsync() => Task.CompletedTask;
}

public sealed class BadName : Runs
{
    [Signal("")]
    public void Poke() => _ = ToString();
}

public sealed class NoValidator : Runs
{
    [Update(Validator = "Check")]
    public Task Change(int number) => Task.CompletedTask;
}

public sealed class WrongValidator : Runs
{
    [Update(Validator = nameof(Check))]
    public Task Change(int number) => Task.CompletedTask;

    public void Check(string text) => _ = text;
}

public sealed class AnsweringValidator : Runs
{
    [Update(Validator = nameof(Check))]
    public Task Change(int number) => Task.CompletedTask;

    public bool Check(int number) => true;
}

public sealed class TwoConstructors : Runs
{
    public TwoConstructors() => _ = ToString();

    public TwoConstructors(WorkflowContext workflow) => _ = workflow;
}

public sealed class NoConstructor : Runs
{
    private NoConstructor() => _ = ToString();

    public static NoConstructor Make() => new();
}

public sealed class AsksForOptions(IOptions<DurableOptions> options) : Runs;

public sealed class AsksForMonitor(IOptionsMonitor<DurableOptions> options) : Runs;

public sealed class AsksForServices(IServiceProvider services) : Runs;

public sealed class AsksForHttp(HttpClient http) : Runs;

public sealed class AsksForUnknown(RegistrationFaultTests.IUnknown unknown) : Runs;

public sealed class AsksForText(string text) : Runs;

public abstract class AbstractWorkflow : Runs;

public sealed class GenericWorkflow<T> : Runs;

[Workflow("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
public sealed class LongName : Runs;
