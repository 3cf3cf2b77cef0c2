// Compiles a text against the real Durable.Core, and runs the analyzers over it.
using System.Collections.Immutable;
using Durable.Analyzers.Code;
using Durable.Analyzers.Shapes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Durable.Analyzers.Tests.Kit;

/// <summary>A compilation and what the rules say about it.</summary>
internal static class Compiled
{
    /// <summary>What every file of a project sees without writing it.</summary>
    public const string Usings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http;
        global using System.Threading; global using System.Threading.Tasks; global using Durable;
        """;

    private static readonly CSharpParseOptions Parse = new(LanguageVersion.Preview);

    /// <summary>The analyzers of the package.</summary>
    public static ImmutableArray<DiagnosticAnalyzer> Analyzers => [new WorkflowCodeAnalyzer(), new WorkflowShapeAnalyzer(), new CallAnalyzer()];

    /// <summary>Everything that this test project can use: the framework, Durable.Core, hosting.</summary>
    public static ImmutableArray<MetadataReference> References { get; } =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(file => !Path.GetFileName(file).StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal)
            && !Path.GetFileName(file).StartsWith("Durable.Analyzers", StringComparison.Ordinal)).Select(file => (MetadataReference)MetadataReference.CreateFromFile(file))];

    /// <summary>Compiles; errors of the text itself fail the test.</summary>
    public static CSharpCompilation Of(string source, string name = "Subject")
    {
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(Usings, Parse), CSharpSyntaxTree.ParseText(source, Parse, "Subject.cs")], References, Options);
        Assert.That(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()), Is.Empty, source);
        return compilation;
    }

    /// <summary>Options of such compilations.</summary>
    public static CSharpCompilationOptions Options { get; } = new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);

    /// <summary>What the rules report about a text, in its order.</summary>
    public static async Task<ImmutableArray<Diagnostic>> DiagnosticsAsync(CSharpCompilation compilation)
    {
        var found = await compilation.WithAnalyzers(Analyzers).GetAnalyzerDiagnosticsAsync();
        Assert.That(found.Where(d => d.Id == "AD0001").Select(d => d.GetMessage()), Is.Empty, "an analyzer threw");
        return [.. found.OrderBy(d => d.Location.SourceSpan.Start).ThenBy(d => d.Id, StringComparer.Ordinal)];
    }

    /// <summary>Ids reported for a whole text.</summary>
    public static async Task<string[]> IdsAsync(string source) => [.. (await DiagnosticsAsync(Of(source))).Select(d => d.Id)];

    /// <summary>Ids reported for statements inside an async [Run] method.</summary>
    public static Task<string[]> InRunAsync(string statements) => IdsAsync(Run(statements));

    /// <summary>A workflow with the given statements in [Run]. In sight: workflow, time, random, log, pay, a token, fields.</summary>
    public static string Run(string statements) => $$"""
        using System.Collections.Concurrent; using System.Collections.Immutable; using System.Diagnostics; using System.Threading.Channels; using Microsoft.Extensions.Logging;
        public interface IPay { Task<string> ChargeAsync(string card); Task RefundAsync(string charge); }
        public interface IClock { Task<DateTime> NowAsync(); }
        public sealed record Money(string Currency, decimal Amount);
        public sealed record Point(int X, int Y);
        public sealed class Flow(WorkflowContext workflow, TimeProvider time, Random random, ILogger<Flow> log, IPay pay)
        {
            private readonly List<string> lines = [];
            private readonly SemaphoreSlim gate = new(1, 1);
            private readonly Channel<int> channel = Channel.CreateUnbounded<int>();
            private readonly TaskCompletionSource own = new();
            private readonly object sync = new();
            private int count;
            [Run] public async Task RunAsync(string input)
            {
                await workflow.DelayAsync(TimeSpan.FromSeconds(1));
                log.LogInformation("{Count} {Time} {Random}", count + lines.Count, time.GetUtcNow(), random.Next());
        {{statements}}
            }
        }
        """;
}
