// Each fix: code before, code after; what comes out compiles, and the rule is content.
using Durable.Analyzers.CodeFixes;
using Durable.Analyzers.Tests.Kit;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;

namespace Durable.Analyzers.Tests.Fixes;

internal sealed class FixTests
{
    [TestCase("var now = DateTimeOffset.UtcNow;", "var now = workflow.UtcNow;")]
    [TestCase("var now = DateTime.UtcNow;", "var now = workflow.UtcNow.UtcDateTime;")]
    [TestCase("var today = DateTime.Today;", "var today = workflow.UtcNow.UtcDateTime.Date;")]
    [TestCase("var now = TimeProvider.System.GetUtcNow();", "var now = time.GetUtcNow();")]
    [TestCase("var id = Guid.NewGuid();", "var id = workflow.NewGuid();")]
    [TestCase("var id = Guid.CreateVersion7();", "var id = workflow.NewGuid();")]
    [TestCase("var n = Random.Shared.Next();", "var n = random.Next();")]
    [TestCase("await Task.Delay(TimeSpan.FromSeconds(1));", "await Task.Delay(TimeSpan.FromSeconds(1), time);")]
    [TestCase("await Task.Delay(500, workflow.CancellationToken);", "await Task.Delay(TimeSpan.FromMilliseconds(500), time, workflow.CancellationToken);")]
    [TestCase("await own.Task.WaitAsync(TimeSpan.FromSeconds(1));", "await own.Task.WaitAsync(TimeSpan.FromSeconds(1), time);")]
    [TestCase("using var cts = new CancellationTokenSource(500);", "using var cts = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), time);")]
    [TestCase("using CancellationTokenSource cts = new(TimeSpan.FromSeconds(1));", "using CancellationTokenSource cts = new(TimeSpan.FromSeconds(1), time);")]
    [TestCase("using var t = new PeriodicTimer(TimeSpan.FromSeconds(1));", "using var t = new PeriodicTimer(TimeSpan.FromSeconds(1), time);")]
    [TestCase("await Task.Delay(TimeSpan.FromDays(60), time, workflow.CancellationToken);", "await workflow.DelayAsync(TimeSpan.FromDays(60), workflow.CancellationToken);")]
    [TestCase("var c = await Task.Run(() => pay.ChargeAsync(input));", "var c = await pay.ChargeAsync(input);")]
    [TestCase("var c = await Task.Run(async () => await pay.ChargeAsync(input));", "var c = await pay.ChargeAsync(input);")]
    [TestCase("await foreach (var t in Task.WhenEach(lines.Select(pay.ChargeAsync))) await t;", "await foreach (var t in workflow.WhenEachAsync(lines.Select(pay.ChargeAsync))) await t;")]
    [TestCase("using var cts = new CancellationTokenSource(); await cts.CancelAsync();", "using var cts = new CancellationTokenSource(); cts.Cancel();")]
    [TestCase("var c = pay.ChargeAsync(input).Result;", "var c = await pay.ChargeAsync(input);")]
    [TestCase("var c = pay.ChargeAsync(input).Result.Length;", "var c = (await pay.ChargeAsync(input)).Length;")]
    [TestCase("pay.RefundAsync(input).Wait();", "await pay.RefundAsync(input);")]
    [TestCase("var c = pay.ChargeAsync(input).GetAwaiter().GetResult();", "var c = await pay.ChargeAsync(input);")]
    [TestCase("Task.WaitAll(own.Task, pay.RefundAsync(input));", "await Task.WhenAll(own.Task, pay.RefundAsync(input));")]
    [TestCase("Thread.Sleep(20);", "await workflow.DelayAsync(TimeSpan.FromMilliseconds(20));")]
    [TestCase("await pay.RefundAsync(input).ConfigureAwait(false);", "await pay.RefundAsync(input);")]
    [TestCase("await own.Task.ConfigureAwait(false);", "await own.Task;")]
    [TestCase("async void GoAsync() { await workflow.DelayAsync(TimeSpan.Zero); } _ = (Action)GoAsync;", "async Task GoAsync() { await workflow.DelayAsync(TimeSpan.Zero); } _ = (Action)GoAsync;", false)]
    public async Task In_workflow_code(string before, string after, bool compiles = true)
    {
        var (fixedText, ids) = await FixAsync(Compiled.Run(before), compiles);
        Assert.That(fixedText, Is.EqualTo(Compiled.Run(after)));
        Assert.That(ids, Is.Empty);
    }

    [TestCase("workflow.ContinueAsNew(() => RunAsync(n + 1)); ", "return workflow.ContinueAsNew(() => RunAsync(n + 1)); ")]
    [TestCase("_ = workflow.ContinueAsNew(() => RunAsync(n + 1)); ", "return workflow.ContinueAsNew(() => RunAsync(n + 1)); ")]
    public async Task A_lost_continuation(string before, string after)
    {
        const string Text = "public sealed class Flow(WorkflowContext workflow) { [Run] public async Task<int> RunAsync(int n) { await Task.Yield(); if (n < 3) { BODY} return n; } }";
        var (fixedText, ids) = await FixAsync(Text.Replace("BODY", before, StringComparison.Ordinal), true);
        Assert.That(fixedText, Is.EqualTo(Text.Replace("BODY", after, StringComparison.Ordinal)));
        Assert.That(ids, Is.Empty);
    }

    [Test]
    public async Task A_missing_Run()
    {
        var (fixedText, ids) = await FixAsync("public sealed class Flow\n{\n    public Task RunAsync() => Task.CompletedTask;\n\n    [Signal]\n    public void Poke() { }\n}\n", true);
        Assert.That(fixedText, Is.EqualTo("public sealed class Flow\n{\n    [Run]\n    public Task RunAsync() => Task.CompletedTask;\n\n    [Signal]\n    public void Poke() { }\n}\n"));
        Assert.That(ids, Is.Empty);
    }

    [Test]
    public async Task Without_a_clock_in_sight_the_contexts_delay_is_offered()
    {
        var (fixedText, _) = await FixAsync("public sealed class Flow(WorkflowContext workflow) { [Run] public async Task RunAsync() { await Task.Delay(100, workflow.CancellationToken); } }", true);
        Assert.That(fixedText, Does.Contain("await workflow.DelayAsync(TimeSpan.FromMilliseconds(100), workflow.CancellationToken);"));
    }

    [Test]
    public void Every_rule_with_a_fix_is_a_rule() =>
        Assert.That(new WorkflowCodeFixes().FixableDiagnosticIds, Is.SubsetOf(Compiled.Analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics).Select(rule => rule.Id).Distinct()));

    // Applies the first fix of the first diagnostic that has one; the ids are what is left after it.
    private static async Task<(string Text, string[] Ids)> FixAsync(string source, bool compiles)
    {
        using var workspace = new AdhocWorkspace();
        var project = workspace.AddProject(ProjectInfo.Create(ProjectId.CreateNewId(), VersionStamp.Default, "Subject", "Subject", LanguageNames.CSharp, compilationOptions: Compiled.Options,
            parseOptions: new CSharpParseOptions(LanguageVersion.Preview), metadataReferences: Compiled.References));
        project = project.AddDocument("Usings.cs", Compiled.Usings).Project;
        var document = project.AddDocument("Subject.cs", source);
        var compilation = (CSharpCompilation)(await document.Project.GetCompilationAsync())!;
        var fixes = new WorkflowCodeFixes();
        var diagnostic = (await Compiled.DiagnosticsAsync(compilation)).First(d => fixes.FixableDiagnosticIds.Contains(d.Id));
        var actions = new List<CodeAction>();
        await fixes.RegisterCodeFixesAsync(new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), CancellationToken.None));
        Assert.That(actions, Has.Count.EqualTo(1), "one fix for " + diagnostic);
        var operation = (await actions[0].GetOperationsAsync(CancellationToken.None)).OfType<ApplyChangesOperation>().Single();
        var changed = operation.ChangedSolution.GetDocument(document.Id)!;
        var after = (CSharpCompilation)(await changed.Project.GetCompilationAsync())!;
        if (compiles) Assert.That(after.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()), Is.Empty);
        var left = compiles ? (await Compiled.DiagnosticsAsync(after)).Select(d => d.Id).ToArray() : [];
        return ((await changed.GetTextAsync()).ToString(), left);
    }
}
