// Nothing is said about legal code: what the construct matrix says works, steps, activities, and code beside workflows.
using Durable.Analyzers.Tests.Kit;

namespace Durable.Analyzers.Tests.Rules;

internal sealed class CodeSilenceTests
{
    [TestCase("_ = workflow.UtcNow; _ = workflow.NewGuid(); _ = random.Next(); _ = time.GetUtcNow();")]
    [TestCase("await Task.Delay(TimeSpan.FromSeconds(1), time); await Task.Delay(100, workflow.CancellationToken).WaitAsync(workflow.CancellationToken);", "DUR6004")]
    [TestCase("await Task.Delay(TimeSpan.FromDays(49), time); await own.Task.WaitAsync(workflow.CancellationToken);")]
    [TestCase("await Task.Delay(Timeout.Infinite, workflow.CancellationToken); await Task.Delay(Timeout.InfiniteTimeSpan, time, workflow.CancellationToken);")]
    [TestCase("await own.Task.WaitAsync(TimeSpan.FromSeconds(1), time, workflow.CancellationToken);")]
    [TestCase("using var cts = new CancellationTokenSource(TimeSpan.FromSeconds(1), time); using var linked = CancellationTokenSource.CreateLinkedTokenSource(cts.Token);")]
    [TestCase("using var cts = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time); cts.CancelAfter(1000); cts.Cancel();")]
    [TestCase("using var t = new PeriodicTimer(TimeSpan.FromSeconds(3), time); while (await t.WaitForNextTickAsync()) count++;")]
    public Task Durable_time(string code, params string[] others) => Silent(code, others);

    [TestCase("var a = pay.ChargeAsync(\"1\"); var b = pay.ChargeAsync(\"2\"); await Task.WhenAll(a, b); _ = a.Result + b.Result;")]
    [TestCase("var tasks = lines.Select(pay.ChargeAsync).ToList(); await Task.WhenAll(tasks); _ = tasks.Select(t => t.Result).ToList();")]
    [TestCase("var a = pay.ChargeAsync(\"1\"); if (a.IsCompletedSuccessfully) _ = a.Result;")]
    [TestCase("var first = await Task.WhenAny(pay.ChargeAsync(\"1\"), pay.ChargeAsync(\"2\")); _ = first.Result;")]
    [TestCase("await foreach (var done in workflow.WhenEachAsync(lines.Select(pay.ChargeAsync))) _ = done.Result;")]
    [TestCase("_ = Task.FromResult(1).Result;")]
    [TestCase("await own.Task.ContinueWith(_ => 1, TaskContinuationOptions.ExecuteSynchronously);")]
    [TestCase("await own.Task.ContinueWith(_ => 1, TaskScheduler.FromCurrentSynchronizationContext());")]
    [TestCase("await Task.Factory.StartNew(() => 1, CancellationToken.None, TaskCreationOptions.None, TaskScheduler.FromCurrentSynchronizationContext());")]
    [TestCase("await Parallel.ForEachAsync(lines, new ParallelOptions { TaskScheduler = TaskScheduler.FromCurrentSynchronizationContext() }, (_, _) => ValueTask.CompletedTask);")]
    [TestCase("await Task.Yield(); await own.Task.ConfigureAwait(true);")]
    [TestCase("await gate.WaitAsync(); gate.Release(); await gate.WaitAsync(CancellationToken.None);")]
    [TestCase("while (await channel.Reader.WaitToReadAsync()) while (channel.Reader.TryRead(out var i)) count += i;")]
    [TestCase("var mine = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { AllowSynchronousContinuations = true }); await foreach (var i in mine.Reader.ReadAllAsync()) count += i;")]
    [TestCase("var lazy = new Lazy<Task<string>>(() => pay.ChargeAsync(\"1\")); _ = await lazy.Value;")]
    public Task Tasks_that_stay_on_the_turn(string code) => Silent(code);

    [TestCase("foreach (var pair in new Dictionary<string, int>()) count += pair.Value; foreach (var line in new HashSet<string>()) count += line.Length;")]
    [TestCase("foreach (var group in lines.GroupBy(l => l.Length)) count += group.Key;")]
    [TestCase("foreach (var key in ImmutableDictionary<int, int>.Empty) count += key.Value; foreach (var p in ImmutableHashSet.Create(new Point(1, 2))) count += p.X;")]
    [TestCase("foreach (var key in ImmutableHashSet.Create(\"a\").OrderBy(a => a, StringComparer.Ordinal)) count += key.Length; _ = ImmutableHashSet.Create(\"a\").Select(a => a.Length).Order().ToList();")]
    [TestCase("_ = ImmutableHashSet.Create(\"a\").Count(); _ = ImmutableDictionary<string, int>.Empty.TryGetValue(\"a\", out _); foreach (var s in ImmutableSortedSet.Create(\"a\")) count += s.Length;")]
    [TestCase("_ = 5.GetHashCode(); _ = new Point(1, 2).GetHashCode();")]
    public Task Orders_that_are_equal_everywhere(string code) => Silent(code);

    [TestCase("try { await pay.RefundAsync(\"\"); } catch (OperationCanceledException) { await pay.RefundAsync(\"\"); throw; }")]
    [TestCase("try { await pay.RefundAsync(\"\"); } catch (Exception) { }")]
    [TestCase("using var cts = new CancellationTokenSource(); try { await workflow.DelayAsync(TimeSpan.FromDays(1), cts.Token); } catch (OperationCanceledException) { }")]
    [TestCase("while (true) { await workflow.DelayAsync(TimeSpan.FromDays(1)); } ")]
    [TestCase("while (true) { if (++count > 3) break; }")]
    [TestCase("_ = workflow.CancellationToken.Register(() => count++);")]
    [TestCase("using var text = new StringReader(\"a\"); _ = await text.ReadLineAsync(); using var memory = new MemoryStream(); await memory.WriteAsync(new byte[1]);")]
    [TestCase("_ = Path.Combine(\"a\", \"b\"); _ = Environment.NewLine; _ = string.Empty; _ = TimeZoneInfo.Utc; _ = System.Globalization.CultureInfo.CurrentCulture;")]
    [TestCase("_ = nameof(DateTime.UtcNow); _ = typeof(File);")]
    [TestCase("var saga = workflow.StartSaga(); saga.OnFailure(() => pay.RefundAsync(\"\"));")]
    [TestCase("await workflow.ForEachAsync(lines, 2, pay.ChargeAsync);")]
    public Task Ordinary_code(string code) => Silent(code);

    [TestCase("await workflow.StepAsync(\"a\", () => Task.FromResult(Environment.MachineName));")]
    [TestCase("await workflow.StepAsync(\"a\", async () => { await Task.Delay(5); await File.WriteAllTextAsync(\"x\", Guid.NewGuid().ToString()); return DateTime.UtcNow; });", "DUR6999")]
    [TestCase("await workflow.StepAsync(\"a\", async (IClock clock) => await clock.NowAsync());")]
    [TestCase("await workflow.StepAsync(\"a\", () => Helper()); async Task<int> Helper() { await Task.Delay(5); return Random.Shared.Next(); }", "DUR6999")]
    [TestCase("await workflow.StepAsync(\"a\", Helper); static async Task<int> Helper() { await Task.Delay(5); return Random.Shared.Next(); }")]
    [TestCase("Func<Task<int>> work = async () => { await Task.Delay(5); return 1; }; await workflow.StepAsync(\"a\", work);")]
    [TestCase("await workflow.StepAsync(\"a\", () => { var x = 1; x++; var made = new List<int> { 1 }; made.Add(x); log.LogInformation(\"{Input} {Run}\", input, workflow.Info.RunId); return Task.FromResult(made.Count); });")]
    [TestCase("for (var i = 0; i < 3; i++) await workflow.StepAsync(\"a\", () => Task.CompletedTask);")]
    [TestCase("if (count > 0) await workflow.StepAsync(\"a\", () => Task.CompletedTask); else await workflow.StepAsync(\"a\", () => Task.CompletedTask);")]
    [TestCase("if (count > 0) { await workflow.StepAsync(\"a\", () => Task.CompletedTask); return; } await workflow.StepAsync(\"a\", () => Task.CompletedTask);")]
    [TestCase("switch (count) { case 0: await workflow.StepAsync(\"a\", () => Task.CompletedTask); break; default: await workflow.StepAsync(\"a\", () => Task.CompletedTask); break; }")]
    public Task Steps(string code, params string[] unused) => Silent(code);

    [Test]
    public async Task Activities_clients_and_steps_of_other_classes() => Assert.That(await Compiled.IdsAsync("""
        public interface IMail { Task<string> SendAsync(string to, CancellationToken token); }
        public sealed class Mail(HttpClient http, ActivityContext attempt) : IMail
        {
            private static int sent;
            public async Task<string> SendAsync(string to, CancellationToken token)
            {
                sent++;
                await Task.Delay(10, token);
                lock (this) Console.WriteLine(DateTime.UtcNow);
                return await http.GetStringAsync($"{to}?key={attempt.IdempotencyKey}&{Guid.NewGuid()}", token).ConfigureAwait(false);
            }
        }
        public sealed class Letter(WorkflowContext workflow, IMail mail)
        {
            [Run] public async Task<string> RunAsync(string to)
            {
                var sent = await mail.SendAsync(to, default);
                return await Recorded("stamp", async () => { await Task.Delay(3); return DateTime.UtcNow + sent; });
            }

            // A helper of the author's own around StepAsync.
            private Task<T> Recorded<T>(string name, Func<Task<T>> work) => workflow.StepAsync(name, async () => await work());

            public static async Task<string> StartAsync(DurableClient client)
            {
                var run = await client.StartAsync((Letter w) => w.RunAsync("a" + Guid.NewGuid()), new() { Id = $"letter-{DateTime.UtcNow:yyyy}" });
                await Task.Delay(5);
                return await run.ResultAsync();
            }
        }
        public static class Elsewhere
        {
            public static string Now() => DateTime.UtcNow.ToString() + File.ReadAllText("x") + Environment.MachineName;
        }
        """), Is.Empty);

    [Test]
    public async Task Entities_that_continue_as_new() => Assert.That(await Compiled.IdsAsync("""
        using System.Text.Json.Serialization;
        public sealed record Cart(int Tea);
        [JsonDerivedType(typeof(Add), "add"), JsonDerivedType(typeof(CheckOut), "out")]
        public abstract record Command { public sealed record Add(int Count) : Command; public sealed record CheckOut : Command; }
        public sealed class CartFlow(WorkflowContext workflow)
        {
            public Mailbox<Command> Commands { get; } = workflow.CreateMailbox<Command>();
            [Run] public async Task<Cart> RunAsync(Cart cart)
            {
                while (await Commands.ReceiveAsync(TimeSpan.FromHours(24)) is { } command)
                {
                    if (command is Command.CheckOut) break;
                    if (command is Command.Add add) cart = new(cart.Tea + add.Count);
                    if (workflow.ContinueAsNewSuggested) return workflow.ContinueAsNew(() => RunAsync(cart));
                }
                return cart;
            }
        }
        public sealed class Ticker(WorkflowContext workflow)
        {
            [Run] public async Task RunAsync(int n)
            {
                await workflow.DelayAsync(TimeSpan.FromHours(1));
                if (n < 10) { workflow.ContinueAsNew(() => RunAsync(n + 1)); return; }
                switch (n) { case 11: workflow.ContinueAsNew(() => RunAsync(n + 1)); break; }
            }
            [Query] public int Answer => 42;
            [Signal] public void Poke(string by) { }
            [Update(Validator = nameof(Check))] public Task<int> AddAsync(int n) => Task.FromResult(n);
            public void Check(int n) { if (n < 0) throw new ArgumentException("negative"); }
        }
        """), Is.Empty);

    [Test]
    public async Task A_program_without_the_library() => Assert.That(await Compiled.IdsAsync("public class A { [Obsolete] public DateTime Now() => DateTime.UtcNow; }"), Is.Empty);

    private static async Task Silent(string code, params string[] others) => Assert.That(await Compiled.InRunAsync(code), Is.EquivalentTo(others.Where(id => id != "DUR6999")), code);
}
