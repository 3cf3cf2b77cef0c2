// Verbs within a transaction of the caller.
using Durable.Engine.History;
using Durable.Engine.Replay;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class EnlistedTests : ClientFixture
{
    private readonly FakeConnection connection = new();
    private EnlistedClient enlisted = null!;

    [OneTimeTearDown]
    public void Close() => connection.Dispose();

    [SetUp]
    public void Enlist() => enlisted = Client.Enlist(new FakeTransaction(connection));

    [Test]
    public async Task A_start_gives_a_handle()
    {
        var handle = await enlisted.StartAsync((OrderFlow w) => w.RunAsync("ada", 1), new() { Id = "order-1" });
        Assert.That(handle.RunId, Is.EqualTo((await RowAsync(Client.GetRun("order-1"))).RunId));
        var other = await enlisted.StartAsync((Elsewhere w) => w.RunAsync(1));
        Assert.That((await RowAsync(other)).Type, Is.EqualTo("Elsewhere"));
    }

    [Test]
    public async Task Policies_hold_but_those_that_wait()
    {
        var first = await StartAsync("order-1");
        await NothingDoneAsync(new() { Id = "order-1", IdConflict = IdConflictPolicy.TerminateExisting }, DurableErrorCodes.RequestInvalid);
        await RefusedAsync(() => enlisted.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), new() { Id = "order-1" }), DurableErrorCodes.RunAlreadyStarted);
        var same = await enlisted.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), StartOptions.Once("order-1"));
        Assert.That(same.RunId, Is.EqualTo(first.RunId));
        await ClosedAsync("order-2", RunStatus.Completed);
        await RefusedAsync(() => enlisted.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), new() { Id = "order-2", IdReuse = IdReusePolicy.AllowIfFailed }), DurableErrorCodes.RunAlreadyStarted);
        await enlisted.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), new() { Id = "order-2" });
    }

    [Test]
    public async Task Messages_reach_open_runs_and_those_of_the_same_transaction()
    {
        var handle = await enlisted.StartAsync((OrderFlow w) => w.RunAsync("ada", 1), new() { Id = "order-1" });
        await enlisted.SignalAsync<OrderFlow>("order-1", w => w.Approve("bob"));
        await enlisted.CancelAsync("order-1", "too late");
        Assert.That((await MailAsync(handle)).Select(message => (EventKind)message.Kind), Is.EqualTo([EventKind.SignalReceived, EventKind.CancelRequested]));
    }

    [Test]
    public async Task Messages_to_unknown_and_closed_runs_are_refused()
    {
        await ClosedAsync("order-1", RunStatus.Completed);
        await NothingStoredAsync(() => enlisted.SignalAsync<OrderFlow>("order-1", w => w.Approve("bob")), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => enlisted.CancelAsync("order-1"), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => enlisted.SignalAsync<OrderFlow>("nobody", w => w.Approve("bob")), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => enlisted.SignalAsync<OrderFlow>(new string('x', 201), w => w.Approve("bob")), DurableErrorCodes.NameTooLong);
        await NothingStoredAsync(() => enlisted.SignalAsync<OrderFlow>("order-1", w => w.Touch()), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => enlisted.CompleteAsync("no token", 1), DurableErrorCodes.RunNotFound);
    }

    [Test]
    public async Task A_promise_is_settled()
    {
        var handle = await StartAsync("order-1");
        var token = Tokens.Create(handle.RunId!.Value, 0, 3, (await RowAsync(handle)).Secret);
        await enlisted.CompleteAsync(token, 7);
        Assert.That((EventKind)(await MailAsync(handle)).Single().Kind, Is.EqualTo(EventKind.PromiseCompleted));
    }

    [Test]
    public async Task A_transaction_that_has_ended_is_refused()
    {
        var ended = Client.Enlist(new FakeTransaction(null));
        await NothingStoredAsync(() => ended.StartAsync((OrderFlow w) => w.RunAsync("ada", 1)), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => ended.SignalAsync<OrderFlow>("order-1", w => w.Approve("bob")), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => ended.CancelAsync("order-1"), DurableErrorCodes.RequestInvalid);
        await NothingStoredAsync(() => ended.CompleteAsync("x", 1), DurableErrorCodes.RequestInvalid);
    }

    [Test]
    public async Task A_store_without_transactions_refuses_them()
    {
        await using var plain = new Durable.Storage.InMemoryStore(Clock);
        var client = ClientOn(plain, null, new DurableOptions());
        await RefusedAsync(() => client.Enlist(new FakeTransaction(connection)).StartAsync((OrderFlow w) => w.RunAsync("ada", 1)), DurableErrorCodes.TransactionForeign);
    }

    private Task NothingDoneAsync(StartOptions options, string code) => NothingStoredAsync(() => enlisted.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), options), code);
}
