// Which code counts as workflow code: the class, and whatever it calls in this compilation.
using Durable.Analyzers.Tests.Kit;

namespace Durable.Analyzers.Tests.Rules;

internal sealed class ReachTests
{
    [Test]
    public async Task A_helper_of_another_class_is_reached_and_the_message_says_from_where()
    {
        var found = await Compiled.DiagnosticsAsync(Compiled.Of("""
            public static class Helper { public static string Stamp() => Inner.Text(); }
            public static class Inner { public static string Text() => DateTime.UtcNow.ToString(); public static string Never() => DateTime.UtcNow.ToString(); }
            public sealed class Flow { [Run] public Task<string> RunAsync() => Task.FromResult(Helper.Stamp()); }
            """));
        Assert.That(found.Select(d => d.Id), Is.EqualTo(["DUR6001"]));
        Assert.That(found[0].GetMessage(), Does.Contain("Flow.RunAsync"));
    }

    [TestCase("private static int Twice() => Environment.TickCount; [Run] public Task<int> RunAsync() => Task.FromResult(Twice());")]
    [TestCase("private readonly DateTime made = DateTime.UtcNow; [Run] public Task<DateTime> RunAsync() => Task.FromResult(made);")]
    [TestCase("public Flow() { At = DateTime.UtcNow; } public DateTime At { get; } [Run] public Task RunAsync() => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Signal] public void Poke() => at = DateTime.UtcNow; private DateTime at; [Query] public DateTime At => at;")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Query] public DateTime At => DateTime.UtcNow;")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Update(Validator = nameof(Check))] public Task AddAsync(int n) => Task.CompletedTask; public void Check(int n) => _ = DateTime.UtcNow;")]
    [TestCase("[Run] public Task<int> RunAsync() => Task.FromResult(new Part().Value); private sealed class Part { public int Value { get; } = DateTime.UtcNow.Day; }")]
    [TestCase("[Run] public Task<int> RunAsync() { return Task.FromResult(Local()); int Local() => DateTime.UtcNow.Day; }")]
    [TestCase("[Run] public async Task<int> RunAsync() { await Task.Yield(); Func<int> day = Day; return day(); } private static int Day() => DateTime.UtcNow.Day;")]
    public async Task Inside_the_class(string members) => Assert.That(await Compiled.IdsAsync($"public sealed class Flow {{ {members} }}"), Is.EqualTo(["DUR6001"]), members);

    [Test]
    public async Task Members_that_nothing_of_the_run_calls_are_not_reached() => Assert.That(await Compiled.IdsAsync("""
        public sealed class Flow
        {
            [Run] public Task RunAsync() => Task.CompletedTask;
            public static string Client() => DateTime.UtcNow.ToString();
            public override string ToString() => DateTime.UtcNow.ToString();
        }
        """), Is.Empty);

    [Test]
    public async Task A_base_class_and_a_contract_interface_count() => Assert.That(await Compiled.IdsAsync("""
        public abstract class Base { [Run] public async Task<int> RunAsync() { await Task.Delay(1); return Work(); } protected abstract int Work(); }
        public sealed class Derived : Base { protected override int Work() => DateTime.UtcNow.Day; }
        public interface IContract { [Run] Task RunAsync(); }
        public sealed class ByContract : IContract { public Task RunAsync() => Task.Delay(DateTime.UtcNow.Day); }
        """), Is.EqualTo(["DUR6004", "DUR6001", "DUR6004", "DUR6001"]));

    [TestCase("private static int count; [Run] public Task<int> RunAsync() => Task.FromResult(++count);")]
    [TestCase("private static int Count { get; set; } [Run] public Task<int> RunAsync() => Task.FromResult(Count);")]
    [TestCase("private static readonly List<int> All = []; [Run] public Task RunAsync() { All.Add(1); return Task.CompletedTask; }")]
    public async Task Static_state(string members) => Assert.That(await Compiled.IdsAsync($"public sealed class Flow {{ {members} }}"), Is.EqualTo(["DUR6018"]), members);

    [TestCase("private static readonly Dictionary<string, int> Prices = new() { [\"tea\"] = 3 }; private const int One = 1; [Run] public Task<int> RunAsync() => Task.FromResult(Prices[\"tea\"] + One);")]
    [TestCase("private static readonly AsyncLocal<int> Depth = new(); [Run] public Task RunAsync() { Depth.Value = 1; return Task.CompletedTask; }")]
    public async Task Static_values_that_stay(string members) => Assert.That(await Compiled.IdsAsync($"public sealed class Flow {{ {members} }}"), Is.Empty, members);

    [Test]
    public async Task A_task_that_is_forgotten_in_a_handler() => Assert.That(await Compiled.IdsAsync("""
        public interface IPay { Task RefundAsync(); }
        public sealed class Flow(IPay pay) { [Run] public Task RunAsync() => Task.CompletedTask; [Signal] public void Undo() { pay.RefundAsync(); } [Signal] public void Redo() => _ = pay.RefundAsync(); }
        """), Is.EqualTo(["DUR6029"]));

    [Test]
    public async Task A_client_in_workflow_code() => Assert.That(await Compiled.IdsAsync("""
        public static class Clients { public static DurableClient Client = null!; }
        public sealed class Flow { [Run] public Task<long> RunAsync() => Clients.Client.CountAsync(); }
        """), Is.EquivalentTo(["DUR6018", "DUR6033"]));

    [TestCase("workflow.ContinueAsNew(() => RunAsync(n + 1)); return 0;", "DUR6034")]
    [TestCase("_ = workflow.ContinueAsNew(() => RunAsync(n + 1)); return 0;", "DUR6034")]
    [TestCase("return workflow.ContinueAsNew(() => RunAsync(n + 1));")]
    [TestCase("var next = workflow.ContinueAsNew(() => RunAsync(n + 1)); return next;")]
    [TestCase("return n > 3 ? n : workflow.ContinueAsNew(() => RunAsync(n + 1));")]
    public async Task A_continuation_that_is_not_returned(string code, params string[] ids) => Assert.That(await Compiled.IdsAsync(
        $"public sealed class Flow(WorkflowContext workflow) {{ [Run] public async Task<int> RunAsync(int n) {{ await Task.Yield(); {code} }} }}"), Is.EqualTo(ids), code);

    [TestCase("if (n > 1) workflow.ContinueAsNew(() => RunAsync(n + 1)); await workflow.DelayAsync(TimeSpan.Zero);", "DUR6035")]
    [TestCase("while (n > 1) { workflow.ContinueAsNew(() => RunAsync(n + 1)); await Task.Yield(); }", "DUR6035")]
    [TestCase("while (n > 1) { workflow.ContinueAsNew(() => RunAsync(n + 1)); }", "DUR6035")]
    [TestCase("if (n > 1) { await Task.Yield(); workflow.ContinueAsNew(() => RunAsync(n + 1)); }")]
    [TestCase("if (n > 1) { workflow.ContinueAsNew(() => RunAsync(n + 1)); return; } await Task.Yield();")]
    public async Task Code_after_a_continuation(string code, params string[] ids) => Assert.That(await Compiled.IdsAsync(
        $"public sealed class Flow(WorkflowContext workflow) {{ [Run] public async Task RunAsync(int n) {{ await Task.Yield(); {code} }} }}"), Is.EqualTo(ids), code);
}
