// What the generator writes compiles without a warning, is announced, and is left out where reflection has to say what is wrong.
using Durable.Analyzers.Generator;
using Durable.Analyzers.Tests.Kit;
using Durable.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Durable.Analyzers.Tests.Generator;

internal sealed class GeneratorTests
{
    [Test]
    public void Every_shape_of_workflow_and_activity_compiles_without_a_warning()
    {
        var files = Generated.Run(Shapes.Source).Files;
        Assert.That(files.Select(file => file.HintName), Is.EquivalentTo(["Shop_Order_Workflow.g.cs", "Shop_IPay_Activities.g.cs", "Shop_Outer_Inner_Workflow.g.cs", "Plain_Workflow.g.cs", "Shop_ILonely_Activities.g.cs"]));
    }

    [Test]
    public void What_is_loaded_has_announced_itself()
    {
        var assembly = Generated.Load(Shapes.Source, generate: true);
        Assert.That(GeneratedCode.WorkflowOf(assembly.GetType("Shop.Order")!), Is.Not.Null);
        Assert.That(GeneratedCode.ActivitiesOf(assembly.GetType("Shop.IPay")!), Is.Not.Null);
        Assert.That(GeneratedCode.ActivitiesOf(typeof(IDisposable)), Is.Null);
    }

    [TestCase("public sealed class Two { [Run] public Task AAsync() => Task.CompletedTask; [Run] public Task BAsync() => Task.CompletedTask; }")]
    [TestCase("public abstract class Abstract { [Run] public Task RunAsync() => Task.CompletedTask; }")]
    [TestCase("public sealed class Generic<T> { [Run] public Task RunAsync(T x) => Task.CompletedTask; }")]
    [TestCase("public sealed class Hidden { [Run] private Task RunAsync() => Task.CompletedTask; }")]
    [TestCase("public sealed class Value { [Run] public ValueTask RunAsync() => default; }")]
    [TestCase("public sealed class Token { [Run] public Task RunAsync(CancellationToken t) => Task.CompletedTask; }")]
    [TestCase("public sealed class Http(HttpClient http) { [Run] public Task RunAsync() => http.GetAsync(\"x\"); }")]
    [TestCase("public sealed class Outer { private sealed class Inner { [Run] public Task RunAsync() => Task.CompletedTask; } }")]
    [TestCase("public interface IContract { [Run] Task RunAsync(); }")]
    [TestCase("public sealed class Validated { [Run] public Task RunAsync() => Task.CompletedTask; [Update(Validator = nameof(Check))] public Task AddAsync(int n) => Task.CompletedTask; private void Check(int n) { } }")]
    [TestCase("public interface IBad { string Sync(); } public static class P { public static void Add(DurableBuilder d) => d.AddActivities<IBad>(null!); }")]
    public void What_has_a_fault_or_cannot_be_named_is_left_to_reflection(string source) => Assert.That(Generated.Run(source).Files, Is.Empty, source);

    [Test]
    public void Typing_elsewhere_writes_nothing_again()
    {
        var compilation = CSharpCompilation.Create("Subject", [CSharpSyntaxTree.ParseText(Compiled.Usings, Generated.Parse), CSharpSyntaxTree.ParseText(Shapes.Source, Generated.Parse)], Compiled.References, Compiled.Options);
        GeneratorDriver driver = CSharpGeneratorDriver.Create([new DurableGenerator().AsSourceGenerator()], parseOptions: Generated.Parse, driverOptions: new(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        driver = driver.RunGenerators(compilation);
        driver = driver.RunGenerators(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("public class Other { public int X => 1; }", Generated.Parse)));
        var outputs = driver.GetRunResult().Results.Single().TrackedOutputSteps.SelectMany(step => step.Value).SelectMany(step => step.Outputs);
        Assert.That(outputs.Select(output => output.Reason), Is.All.EqualTo(IncrementalStepRunReason.Cached));
    }
}

/// <summary>Workflows and activities of every shape that the generator takes.</summary>
internal static class Shapes
{
    public const string Source = """
        using Microsoft.Extensions.Logging;
        namespace Shop
        {
            public enum Kind { Small, Large }
            public sealed record Line(string Article, int Count);
            [Activity("Pay", Queue = "money", StartToClose = "00:00:30", NonRetryable = new[] { typeof(ArgumentException) })]
            public interface IPay : IBase
            {
                [Activity("Take")] Task<string> ChargeAsync(string card, decimal amount, CancellationToken cancellationToken);
                Task RefundAsync(string? charge = null, int @event = 3, Kind kind = Kind.Large);
                Task<Line?> LookAsync(CancellationToken t, params string[] names);
            }
            public interface IBase { Task PingAsync(); }
            public interface ILonely { Task<int> CountAsync(); }
            public sealed class Lonely : ILonely { public Task<int> CountAsync() => Task.FromResult(1); }
            public static class Host { public static void Add(DurableBuilder d) => d.AddWorkflow<Order>().AddActivities<ILonely, Lonely>(); }

            [Workflow("order", Version = 3)]
            public sealed class Order(WorkflowContext workflow, IPay pay, TimeProvider time, Random random, ILogger<Order> log, ILogger plain)
            {
                private readonly List<Line> lines = [];
                [Run] public async Task<string> RunAsync(string id, decimal amount = 2.50m, Kind kind = Kind.Large, Line? first = null, DateTimeOffset at = default, double factor = 1.5, string client = "c")
                {
                    log.LogInformation("{Id} {At} {Factor} {Client} {Kind}", id, at, factor, client, kind);
                    plain.LogInformation("{Random} {Time}", random.Next(), time.GetUtcNow());
                    if (first is not null) lines.Add(first);
                    var charge = await pay.ChargeAsync("4242", amount, workflow.CancellationToken);
                    await pay.With(new ActivityOptions { Queue = "slow" }).RefundAsync(charge);
                    await pay.PingAsync();
                    var found = await pay.LookAsync(default, "a", "b");
                    await workflow.WaitUntilAsync(() => lines.Count > 1);
                    return $"{charge} {found?.Article} {lines.Count} {random.Next(1000)} {workflow.NewGuid()}";
                }
                [Signal] public void Poke() { }
                [Signal("poke-later")] public Task PokeAsync(int? times, string by = "nobody") => Task.CompletedTask;
                [Query] public int Count => lines.Count;
                [Query] public string? Article(int at) => lines[at].Article;
                [Update(Validator = nameof(Check))] public Task<int> AddAsync(Line line) { lines.Add(line); return Task.FromResult(lines.Count); }
                [Update] public Task ClearAsync() { lines.Clear(); return Task.CompletedTask; }
                public void Check(Line line) { if (line.Count < 1) throw new ArgumentException("Count"); }
            }
            public static class Outer { internal sealed class Inner { [Run] public Task RunAsync() => Task.CompletedTask; } }

            // The typed calls, as users write them.
            public static class Uses
            {
                public static async Task GoAsync(DurableClient client)
                {
                    RunHandle<Order, string> run = await client.StartOrderAsync("7", 1m, options: new() { Id = "order-7" });
                    await run.PokeAsync();
                    await run.PokeAsync(3, by: "ada");
                    int count = await run.CountAsync();
                    string? article = await run.ArticleAsync(count);
                    int after = await run.AddAsync(new Line(article ?? "", 1), new UpdateOptions { Id = "u" });
                    await run.ClearAsync();
                    await client.StartPlainAsync();
                    _ = after;
                }
            }
        }
        public sealed class Plain { [Run] public Task RunAsync() => Task.CompletedTask; }
        """;
}
