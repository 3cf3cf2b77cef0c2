// Shapes of workflow classes and calls: what the host would refuse when it starts, seen while one types.
using Durable.Analyzers.Tests.Kit;

namespace Durable.Analyzers.Tests.Rules;

internal sealed class ShapeTests
{
    [TestCase("public sealed class Flow { [Signal] public void Poke() { } }")]
    [TestCase("[Workflow(\"flow\")] public sealed class Flow { public Task RunAsync() => Task.CompletedTask; }")]
    [TestCase("public sealed class Flow { public Task RunAsync() => Task.CompletedTask; } public static class P { public static void Add(DurableBuilder d) => d.AddWorkflow<Flow>(); }")]
    public Task A_missing_Run(string source) => Expect(source, "DUR6040");

    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Run] public Task RunAsync(int n) => Task.CompletedTask;")]
    [TestCase("[Run] public void Run() { }")]
    [TestCase("[Run] public ValueTask RunAsync() => default;")]
    [TestCase("[Run] private Task RunAsync() => Task.CompletedTask;")]
    [TestCase("[Run] public static Task RunAsync() => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync<T>() => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync(CancellationToken token) => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync(ref int n) => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Signal] public ValueTask PokeAsync() => default;")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Query] public Task<int> CountAsync() => Task.FromResult(1);")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Update] public int Add(int n) => n;")]
    [TestCase("public Flow() { } public Flow(WorkflowContext w) { } [Run] public Task RunAsync() => Task.CompletedTask;")]
    public Task A_member_that_cannot_be_registered(string members) => Expect($"public sealed class Flow {{ {members} }}", "DUR6041");

    [Test]
    public Task An_activity_that_returns_no_task() => Expect("public interface IPay { string Charge(); } public sealed class Flow(IPay pay) { [Run] public Task RunAsync() => Task.FromResult(pay.Charge()); }", "DUR6041");

    [TestCase("Microsoft.Extensions.Options.IOptions<string>")]
    [TestCase("IServiceProvider")]
    [TestCase("HttpClient")]
    [TestCase("List<int>")]
    public Task A_constructor_parameter_that_the_engine_does_not_have(string type) => Expect($"public sealed class Flow({type} x) {{ private readonly object own = x; [Run] public Task RunAsync() => Task.FromResult(own); }}", "DUR6042");

    [TestCase("[Run] public Task RunAsync((int A, int B) pair) => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync(Action what) => Task.CompletedTask;")]
    [TestCase("[Run] public Task<Stream> RunAsync() => Task.FromResult(Stream.Null);")]
    [TestCase("[Run] public Task<Type> RunAsync() => Task.FromResult(typeof(int));")]
    [TestCase("[Run] public Task RunAsync(int[,] table) => Task.CompletedTask;")]
    [TestCase("public interface IShape { } [Run] public Task RunAsync(IShape shape) => Task.CompletedTask;")]
    [TestCase("public sealed record Order(string Id, Func<int> Price); [Run] public Task RunAsync(Order order) => Task.CompletedTask;")]
    [TestCase("public sealed record Line(Stream Text); public sealed record Order(IReadOnlyList<Line> Lines); [Run] public Task RunAsync(Order order) => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Signal] public void Poke(Exception error) { }")]
    [TestCase("[Run] public Task RunAsync() => Task.CompletedTask; [Query] public Action What => () => { };")]
    public Task A_type_that_is_not_stored(string members) => Expect($"public sealed class Flow {{ {members} }}", "DUR6043");

    [Test]
    public Task A_step_whose_result_is_not_stored() => Expect("public sealed class Flow(WorkflowContext workflow) { [Run] public Task RunAsync() => workflow.StepAsync(\"a\", () => Task.FromResult((1, 2))); }", "DUR6043");

    [Test]
    public Task An_activity_whose_argument_is_not_stored() => Expect("public interface IPay { Task ChargeAsync(Stream card); } public sealed class Flow(IPay pay) { [Run] public Task RunAsync() => pay.ChargeAsync(null!); }", "DUR6043");

    [TestCase("public sealed record Order(string Id, DateTimeOffset At, Dictionary<string, int> Lines, byte[] Raw, Guid? Ref, IReadOnlyList<Order>? Parts, object? Any); [Run] public Task<Order> RunAsync(Order order, int n = 1) => Task.FromResult(order);")]
    [TestCase("[System.Text.Json.Serialization.JsonDerivedType(typeof(Circle), \"c\")] public abstract record Shape; public sealed record Circle : Shape; [Run] public Task RunAsync(Shape shape) => Task.CompletedTask;")]
    [TestCase("public sealed record Order([property: System.Text.Json.Serialization.JsonIgnore] Func<int> Price); [Run] public Task RunAsync(Order order) => Task.CompletedTask;")]
    [TestCase("[Run] public Task RunAsync(System.Text.Json.JsonElement any, IEnumerable<int> ints, Uri link, DayOfWeek day) => Task.CompletedTask;")]
    public Task Types_that_are_stored(string members) => Expect($"public sealed class Flow {{ {members} }}");

    [TestCase("c.StartAsync((Flow w) => other.RunAsync(1))")]
    [TestCase("c.StartAsync((Flow w) => w.RunAsync(w.Count))")]
    [TestCase("c.GetRun<Flow>(\"a\").QueryAsync(w => w.Count + 1)")]
    public Task An_expression_that_is_not_one_call(string call) => Expect(Calls(call), "DUR6044");

    [TestCase("c.StartAsync((Flow w) => w.RunAsync(1 + other.Count))")]
    [TestCase("c.GetRun<Flow>(\"a\").QueryAsync(w => w.Count)")]
    [TestCase("c.GetRun<Flow>(\"a\").SignalAsync(w => w.Poke())")]
    [TestCase("c.GetRun<Flow>(\"a\").SendAsync(w => w.Box, \"a\")")]
    public Task Expressions_that_are_one_call(string call) => Expect(Calls(call));

    [Test]
    public Task Activities_registered_by_their_class() => Expect("public interface IPay { Task RefundAsync(); } public sealed class Pay : IPay { public Task RefundAsync() => Task.CompletedTask; } "
        + "public static class P { public static void Add(DurableBuilder d) => d.AddActivities(new Pay()).AddActivities<IPay, Pay>().AddActivities<IPay>(new Pay()); }", "DUR6045");

    private static string Calls(string call) => $$"""
        public sealed class Flow(WorkflowContext workflow)
        {
            [Run] public Task<int> RunAsync(int n) => Task.FromResult(n);
            [Signal] public void Poke() { }
            [Query] public int Count => 1;
            public Mailbox<string> Box { get; } = workflow.CreateMailbox<string>();
        }
        public static class P { public static async Task GoAsync(DurableClient c, Flow other) { await {{call}}; _ = other; } }
        """;

    private static async Task Expect(string source, params string[] ids) => Assert.That(await Compiled.IdsAsync(source), Is.EqualTo(ids), source);
}
