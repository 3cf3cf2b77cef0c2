// Requests that cannot work are refused with their code, and nothing of them is stored.
using System.Linq.Expressions;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class RefusedRequestTests : ClientFixture
{
    private static readonly OrderFlow Other = null!;
#pragma warning disable CS4014 // nothing is called: these are expressions
    private static readonly Expression<Action<OrderFlow>> CallOfRun = w => w.RunAsync("a", 1);
    private static readonly Expression<Action<OrderFlow>> CallOfUpdate = w => w.AddAsync(new Line("a", 1));
    private static readonly Expression<Action<Elsewhere>> CallOfValueTask = w => w.Slow();
#pragma warning restore CS4014
    private static readonly Sealed Opaque = new(() => { });

    private static IEnumerable<TestCaseData> WrongStarts()
    {
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => Other.RunAsync("a", 1))).SetName("A_start_on_another_instance");
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => w.Self.RunAsync("a", 1))).SetName("A_start_by_two_chained_calls");
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => w.OtherAsync("a"))).SetName("A_start_of_a_method_that_is_not_Run");
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => w.RunAsync(w.State, 1))).SetName("A_start_whose_argument_uses_the_workflow");
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => Task.FromResult("a"))).SetName("A_start_by_a_static_call");
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => null!)).SetName("A_start_of_nothing");
        yield return new TestCaseData((Expression<Func<OrderFlow, Task<string>>>)(w => w.Field > 0 ? w.RunAsync("a", 1) : w.RunAsync("b", 1))).SetName("A_start_by_a_choice");
    }

    [TestCaseSource(nameof(WrongStarts))]
    public async Task Wrong_start(Expression<Func<OrderFlow, Task<string>>> run)
    {
        await NothingStoredAsync(() => Client.StartAsync(run), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => Client.Enlist(new FakeTransaction(new FakeConnection())).StartAsync(run), DurableErrorCodes.RequestInvalid);
    }

    [Test]
    public async Task Classes_that_no_worker_could_register_are_not_started()
    {
        await NothingStoredAsync(() => Client.StartAsync((NoRun w) => w.RunAsync()), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => Client.StartAsync((TwoRuns w) => w.RunAsync(1)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => Client.StartAsync((TokenRun w) => w.RunAsync(CancellationToken.None)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => Client.StartAsync((GenericRun w) => w.RunAsync(1)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => Client.StartAsync((Unpinned<int> w) => w.RunAsync(1)), DurableErrorCodes.RequestInvalid);
    }

    [Test]
    public async Task Classes_that_are_registered_elsewhere_are_started_by_their_names()
    {
        await Client.StartAsync((Elsewhere w) => w.RunAsync(1), new() { Id = "a" });
        await Client.StartAsync((Pinned<int> w) => w.RunAsync(1), new() { Id = "b" });
        await Client.StartAsync((DerivedRun w) => w.RunAsync(1), new() { Id = "c" });
        await Client.StartAsync((IContract w) => w.RunAsync(1), new() { Id = "d" });
        var stored = await Client.ListAsync().OrderBy(run => run.WorkflowId).Select(run => $"{run.Workflow}@{run.Version}").ToListAsync();
        Assert.That(stored, Is.EqualTo(["Elsewhere@1", "Pinned@3", "DerivedRun@1", "IContract@1"]));
    }

    private static IEnumerable<TestCaseData> WrongOptions()
    {
        yield return Case("An_empty_id", new() { Id = "" }, DurableErrorCodes.RequestInvalid);
        yield return Case("An_id_that_is_too_long", new() { Id = new string('x', 201) }, DurableErrorCodes.NameTooLong);
        yield return Case("An_id_with_control_characters", new() { Id = "a\nb" }, DurableErrorCodes.RequestInvalid);
        yield return Case("An_id_with_half_a_surrogate", new() { Id = "a\ud800" }, DurableErrorCodes.RequestInvalid);
        yield return Case("A_queue_that_is_too_long", new() { Queue = new string('q', 201) }, DurableErrorCodes.NameTooLong);
        yield return Case("A_negative_delay", new() { Delay = TimeSpan.FromTicks(-1) }, DurableErrorCodes.RequestInvalid);
        yield return Case("An_absurd_delay", new() { Delay = TimeSpan.MaxValue }, DurableErrorCodes.RequestInvalid);
        yield return Case("A_time_out_of_zero", new() { Timeout = TimeSpan.Zero }, DurableErrorCodes.RequestInvalid);
        yield return Case("A_negative_time_out", new() { Timeout = TimeSpan.FromSeconds(-1) }, DurableErrorCodes.RequestInvalid);
        yield return Case("An_absurd_time_out", new() { Timeout = TimeSpan.FromDays(40_000) }, DurableErrorCodes.RequestInvalid);
        yield return Case("A_time_out_within_the_delay", new() { Delay = TimeSpan.FromHours(2), Timeout = TimeSpan.FromHours(1) }, DurableErrorCodes.RequestInvalid);
        yield return Case("A_policy_that_does_not_exist", new() { IdReuse = (IdReusePolicy)9 }, DurableErrorCodes.RequestInvalid);
        yield return Case("Another_policy_that_does_not_exist", new() { IdConflict = (IdConflictPolicy)9 }, DurableErrorCodes.RequestInvalid);
        yield return Case("An_attribute_without_a_name", new() { Attributes = new() { { new AttributeKey<int>(""), 1 } } }, DurableErrorCodes.RequestInvalid);
        yield return Case("Attributes_that_are_too_large", new() { Attributes = new() { { new AttributeKey<string>("a"), new string('x', 3_000_000) } } }, DurableErrorCodes.PayloadTooLarge);

        static TestCaseData Case(string name, StartOptions options, string code) => new TestCaseData(options, code).SetName(name);
    }

    [TestCaseSource(nameof(WrongOptions))]
    public Task Wrong_options(StartOptions options, string code) => NothingStoredAsync(() => Client.StartAsync((OrderFlow w) => w.RunAsync("ada", 1), options), code);

    [Test]
    public async Task Arguments_that_cannot_be_stored_are_refused()
    {
        await NothingStoredAsync(() => Client.StartAsync((Unstorable w) => w.RunAsync(Opaque)), DurableErrorCodes.PayloadUnreadable);
        await NothingStoredAsync(() => Client.StartAsync((OrderFlow w) => w.RunAsync(new string('x', 2_100_000), 1)), DurableErrorCodes.PayloadTooLarge);
        await NothingStoredAsync(() => Client.StartAsync((Pinned<object> w) => w.RunAsync(Nested(63))), DurableErrorCodes.PayloadUnreadable);
    }

    [Test]
    public async Task What_a_worker_could_not_read_again_is_not_stored()
    {
        var deepest = Enumerable.Range(1, 64).Last(depth => TryStart(depth));
        var run = await RowAsync(Client.GetRun($"deep-{deepest}"));
        Assert.That(System.Text.Json.JsonSerializer.Deserialize(run.Input, Durable.Engine.History.HistoryJson.Default.StartDocument), Is.Not.Null);

        bool TryStart(int depth)
        {
            try
            {
                return Client.StartAsync((Pinned<object> w) => w.RunAsync(Nested(depth)), new() { Id = $"deep-{depth}" }).IsCompletedSuccessfully;
            }
            catch (DurableException error)
            {
                Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.PayloadUnreadable));
                return false;
            }
        }
    }

    [Test]
    public async Task Signals_that_are_not_one_call_of_a_signal_are_refused()
    {
        var run = Client.GetRun<OrderFlow>((await StartAsync("order-1")).WorkflowId);
        await NothingStoredAsync(() => run.SignalAsync(CallOfRun), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.SignalAsync(w => w.Touch()), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.SignalAsync(w => w.Self.Approve("a")), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.SignalAsync(CallOfUpdate), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.SignalAsync(w => w.Approve(new string('x', 2_100_000))), DurableErrorCodes.PayloadTooLarge);
        await NothingStoredAsync(() => run.SendAsync(w => w.Box(), new Line("a", 1)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.UpdateAsync(w => w.OtherAsync("a")), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.UpdateAsync(w => w.ClearAsync(), new() { Id = new string('u', 201) }), DurableErrorCodes.NameTooLong);
        await NothingStoredAsync(() => run.CancelAsync(new string('x', 3_000_000)), DurableErrorCodes.PayloadTooLarge);
    }

    [Test]
    public async Task Handlers_that_no_worker_could_register_are_refused()
    {
        var run = Client.GetRun<Elsewhere>((await Client.StartAsync((Elsewhere w) => w.RunAsync(1))).WorkflowId);
        await NothingStoredAsync(() => run.SignalAsync(CallOfValueTask), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.SignalAsync(w => w.Generic(1)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.SignalAsync(w => w.WithToken(CancellationToken.None)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.QueryAsync(w => w.Later()), DurableErrorCodes.RequestInvalid);
    }

    [Test]
    public async Task Queries_that_are_not_one_query_are_refused()
    {
        var run = Client.GetRun<OrderFlow>((await StartAsync("order-1")).WorkflowId);
        await NothingStoredAsync(() => run.QueryAsync(w => w.Count + 1), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.QueryAsync(w => w.Field), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.QueryAsync(w => w.Unmarked), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.QueryAsync(w => w.State.Length), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.QueryAsync(w => w.RunAsync("a", 1)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => run.QueryAsync(w => Other.State), DurableErrorCodes.RequestInvalid);
    }

    [Test]
    public async Task Ids_names_and_filters_are_checked_without_a_look_at_the_store()
    {
        var long201 = new string('x', 201);
        await RefusedAsync(() => Task.FromResult(Client.GetRun(long201)), DurableErrorCodes.NameTooLong);
        await RefusedAsync(() => Task.FromResult(Client.GetRun<OrderFlow>("")), DurableErrorCodes.RequestInvalid);
        await RefusedAsync(() => Task.FromResult(Client.ForNamespace("")), DurableErrorCodes.RequestInvalid);
        await RefusedAsync(() => Task.FromResult(Client.ForNamespace(long201)), DurableErrorCodes.NameTooLong);
        await RefusedAsync(() => Client.CountAsync(new() { IdPrefix = long201 }), DurableErrorCodes.NameTooLong);
        await RefusedAsync(() => Client.CountAsync(new() { Workflow = "" }), DurableErrorCodes.RequestInvalid);
        await RefusedAsync(() => Client.CountAsync(new() { Status = [(RunStatus)7] }), DurableErrorCodes.RequestInvalid);
        await RefusedAsync(() => Client.AcceptRestoredStoreAsync((RestoredStorePolicy)9), DurableErrorCodes.RequestInvalid);
        await RefusedAsync(() => Client.SignalWithStartAsync((OrderFlow w) => w.RunAsync("a", 1), w => w.Approve("b"), new()), DurableErrorCodes.RequestInvalid);
    }

    private static object Nested(int depth) => depth == 1 ? new object[] { 1 } : new[] { Nested(depth - 1) };
}
