// Every rule about workflow code fires on what it is there for.
using Durable.Analyzers.Tests.Kit;

namespace Durable.Analyzers.Tests.Rules;

internal sealed class CodeHitTests
{
    [TestCase("_ = DateTime.UtcNow;")]
    [TestCase("_ = DateTime.Now;")]
    [TestCase("_ = DateTimeOffset.UtcNow.Year;")]
    [TestCase("_ = Stopwatch.GetTimestamp();")]
    [TestCase("_ = Environment.TickCount64;")]
    [TestCase("_ = TimeProvider.System.GetUtcNow();")]
    [TestCase("Func<DateTime> now = () => DateTime.Today; _ = now();")]
    public Task The_wall_clock(string code) => Expect(code, "DUR6001");

    [TestCase("_ = Guid.NewGuid();")]
    [TestCase("_ = Guid.CreateVersion7();")]
    [TestCase("_ = Path.GetRandomFileName();")]
    public Task Random_ids(string code) => Expect(code, "DUR6002");

    [TestCase("_ = Random.Shared.Next();")]
    [TestCase("_ = new Random(42).Next();")]
    [TestCase("_ = System.Security.Cryptography.RandomNumberGenerator.GetInt32(9);")]
    public Task Random_numbers(string code) => Expect(code, "DUR6003");

    [TestCase("await Task.Delay(100);")]
    [TestCase("await Task.Delay(TimeSpan.FromDays(2));")]
    [TestCase("await Task.Delay(100, workflow.CancellationToken);")]
    [TestCase("await pay.RefundAsync(\"\").WaitAsync(TimeSpan.FromSeconds(3));")]
    [TestCase("using var cts = new CancellationTokenSource(TimeSpan.FromSeconds(3));")]
    [TestCase("using var cts = new CancellationTokenSource(); cts.CancelAfter(1000);")]
    [TestCase("using var t = new PeriodicTimer(TimeSpan.FromSeconds(3));")]
    [TestCase("using var t = new Timer(_ => { });")]
    public Task Timers_on_the_real_clock(string code) => Expect(code, "DUR6004");

    [TestCase("await Task.Delay(TimeSpan.FromDays(50), time);")]
    [TestCase("await own.Task.WaitAsync(TimeSpan.FromHours(2000), time);")]
    [TestCase("using var cts = new CancellationTokenSource(TimeSpan.FromDays(365), time);")]
    public Task Timers_longer_than_49_days(string code) => Expect(code, "DUR6005");

    [Test]
    public Task CancelAfter_on_a_linked_source() => Expect("using var cts = CancellationTokenSource.CreateLinkedTokenSource(workflow.CancellationToken); cts.CancelAfter(1000);", "DUR6006");

    [TestCase("await Task.Run(() => 1);")]
    [TestCase("await Task.Factory.StartNew(() => 1);")]
    [TestCase("await own.Task.ContinueWith(_ => 1);")]
    [TestCase("await own.Task.ContinueWith(_ => 1, TaskScheduler.Default);")]
    public Task The_thread_pool(string code) => Expect(code, "DUR6007");

    [TestCase("new Thread(() => { });")]
    [TestCase("ThreadPool.QueueUserWorkItem(_ => { });")]
    [TestCase("ThreadPool.UnsafeQueueUserWorkItem(_ => { }, null);")]
    [TestCase("Parallel.For(0, 3, _ => { });")]
    [TestCase("await Parallel.ForEachAsync(lines, (_, _) => ValueTask.CompletedTask);")]
    [TestCase("_ = lines.AsParallel();")]
    [TestCase("using var none = ExecutionContext.SuppressFlow();")]
    public Task Threads(string code) => Expect(code, "DUR6008");

    [Test]
    public Task WhenEach() => Expect("await foreach (var t in Task.WhenEach(own.Task)) await t;", "DUR6009");

    [Test]
    public Task CancelAsync() => Expect("using var cts = new CancellationTokenSource(); await cts.CancelAsync();", "DUR6010");

    [Test]
    public Task ReadAllAsync() => Expect("await foreach (var i in channel.Reader.ReadAllAsync()) count += i;", "DUR6011");

    [TestCase("await gate.WaitAsync(workflow.CancellationToken);")]
    [TestCase("await gate.WaitAsync(TimeSpan.FromSeconds(1));")]
    [TestCase("await gate.WaitAsync().WaitAsync(TimeSpan.FromSeconds(1), time);")]
    public Task Semaphores_with_a_limit(string code) => Expect(code, "DUR6012");

    [TestCase("_ = pay.ChargeAsync(\"\").Result;")]
    [TestCase("pay.RefundAsync(\"\").Wait();")]
    [TestCase("_ = pay.ChargeAsync(\"\").GetAwaiter().GetResult();")]
    [TestCase("var t = pay.ChargeAsync(\"\"); _ = t.Result;")]
    [TestCase("Task.WaitAll(own.Task);")]
    [TestCase("gate.Wait();")]
    [TestCase("Thread.Sleep(1);")]
    [TestCase("new ManualResetEventSlim().Wait();")]
    [TestCase("new BlockingCollection<int>().Take();")]
    [TestCase("Monitor.Wait(sync);")]
    public Task Blocking(string code) => Expect(code, "DUR6013");

    [TestCase("lock (sync) { }")]
    [TestCase("Monitor.Enter(sync);")]
    public Task Locks(string code) => Expect(code, "DUR6014");

    [TestCase("_ = File.ReadAllText(\"x\");")]
    [TestCase("_ = await File.ReadAllTextAsync(\"x\");")]
    [TestCase("_ = await new StreamReader(\"x\").ReadToEndAsync();")]
    [TestCase("Directory.CreateDirectory(\"x\");")]
    [TestCase("_ = lines.Select(File.ReadAllText).ToList();")]
    public Task Input_and_output(string code) => Expect(code, "DUR6015");

    [Test]
    public async Task The_network() => Assert.That(await Compiled.InRunAsync("using var http = new HttpClient(); _ = await http.GetStringAsync(input);"), Is.EqualTo(["DUR6015", "DUR6015"]));

    [Test]
    public Task The_console() => Expect("Console.WriteLine(input);", "DUR6016");

    [TestCase("_ = Environment.MachineName;")]
    [TestCase("_ = Environment.GetEnvironmentVariable(\"HOME\");")]
    [TestCase("_ = TimeZoneInfo.Local;")]
    [TestCase("_ = workflow.UtcNow.ToLocalTime();")]
    [TestCase("_ = Environment.CurrentManagedThreadId;")]
    [TestCase("_ = AppContext.BaseDirectory;")]
    public Task The_machine(string code) => Expect(code, "DUR6017");

    [TestCase("foreach (var key in ImmutableDictionary<string, int>.Empty) count += key.Value;")]
    [TestCase("foreach (var key in ImmutableHashSet.Create(\"a\")) count += key.Length;")]
    [TestCase("_ = ImmutableHashSet.Create(\"a\").Select(a => a.Length).ToList();")]
    [TestCase("foreach (var key in ImmutableDictionary<string, int>.Empty.Keys) count += key.Length;")]
    [TestCase("_ = string.Join(',', ImmutableHashSet.Create(\"a\"));")]
    [TestCase("foreach (var entry in new System.Collections.Hashtable()) count++;")]
    public Task Orders_that_differ(string code) => Expect(code, "DUR6019");

    [TestCase("_ = input.GetHashCode();")]
    [TestCase("_ = new Money(\"\", 1).GetHashCode();")]
    [TestCase("_ = HashCode.Combine(1, 2);")]
    public Task Hash_codes(string code) => Expect(code, "DUR6020");

    [Test]
    public Task ConfigureAwait_false_in_a_workflow_class() => Expect("await pay.RefundAsync(\"\").ConfigureAwait(false);", "DUR6021");

    [TestCase("await pay.RefundAsync(\"\").ConfigureAwait(false); await Task.Yield();", "DUR6021", "DUR6022")]
    [TestCase("await pay.RefundAsync(\"\").ConfigureAwait(false); await gate.WaitAsync();", "DUR6021", "DUR6022")]
    [TestCase("await own.Task.ConfigureAwait(false);", "DUR6022")]
    [TestCase("await own.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);", "DUR6022")]
    public Task What_needs_the_lost_context(string code, params string[] ids) => Expect(code, ids);

    [Test]
    public Task Async_void() => Expect("async void Go() { await workflow.DelayAsync(TimeSpan.Zero); } Go();", "DUR6023");

    [Test]
    public Task Async_void_after_ConfigureAwait_false() =>
        Expect("async void Go() { await workflow.DelayAsync(TimeSpan.Zero); } await own.Task.WaitAsync(workflow.CancellationToken).ConfigureAwait(false); Go();", "DUR6023", "DUR6021", "DUR6024");

    [TestCase("while (true) count++;")]
    [TestCase("for (;;) { count++; }")]
    public Task Loops_that_never_wait(string code) => Expect(code, "DUR6025");

    [Test]
    public Task A_swallowed_cancellation() => Expect("try { await pay.RefundAsync(\"\"); } catch (OperationCanceledException) { }", "DUR6026");

    [Test]
    public Task A_timer_that_nobody_disposes() => Expect("var cts = new CancellationTokenSource(TimeSpan.FromSeconds(3), time); await workflow.DelayAsync(TimeSpan.Zero, cts.Token);", "DUR6027");

    [Test]
    public Task A_delay_that_loses_a_WhenAny() => Expect("await Task.WhenAny(own.Task, Task.Delay(TimeSpan.FromSeconds(3), time));", "DUR6028");

    [TestCase("_ = await workflow.StepAsync(\"a\", () => Task.FromResult(1)); _ = await workflow.StepAsync(\"a\", () => Task.FromResult(2));")]
    [TestCase("if (count > 0) await workflow.StepAsync(\"a\", () => Task.CompletedTask); await workflow.StepAsync(\"a\", () => Task.CompletedTask);")]
    public Task One_name_for_two_steps(string code) => Expect(code, "DUR6032");

    [TestCase("await workflow.StepAsync(\"a\", async () => { await workflow.DelayAsync(TimeSpan.Zero); });")]
    [TestCase("await workflow.StepAsync(\"a\", () => pay.RefundAsync(\"x\"));")]
    [TestCase("await workflow.StepAsync(\"a\", () => Task.FromResult(time.GetUtcNow()));")]
    [TestCase("await workflow.StepAsync(\"a\", () => Task.FromResult(random.Next()));")]
    [TestCase("Func<Task> work = () => pay.RefundAsync(\"x\"); await workflow.StepAsync(\"a\", work);")]
    public Task A_step_that_uses_the_run(string code) => Expect(code, "DUR6030");

    [TestCase("await workflow.StepAsync(\"a\", () => { count++; return Task.CompletedTask; });")]
    [TestCase("await workflow.StepAsync(\"a\", () => { lines.Add(input); return Task.CompletedTask; });")]
    [TestCase("var local = 1; await workflow.StepAsync(\"a\", () => { local = 2; return Task.CompletedTask; }); log.LogInformation(\"{Local}\", local);")]
    public Task A_step_that_changes_the_run(string code) => Expect(code, "DUR6031");

    private static async Task Expect(string code, params string[] ids) => Assert.That(await Compiled.InRunAsync(code), Is.EquivalentTo(ids), code);
}
