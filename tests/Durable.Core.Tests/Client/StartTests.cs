// What a start stores, and what the policies of its id do.
using System.Diagnostics;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class StartTests : ClientFixture
{
    private static readonly AttributeKey<string> Customer = new("customer");

    [Test]
    public async Task A_start_stores_all_that_its_first_owner_needs()
    {
        var handle = await StartAsync("order-1", new() { Queue = "gpu", Priority = 5, Delay = TimeSpan.FromMinutes(1), Timeout = TimeSpan.FromHours(1), Attributes = { { Customer, "ada" } } });
        var run = await RowAsync(handle);
        Assert.That(run.RunId, Is.EqualTo(handle.RunId));
        Assert.That((run.Type, run.Version, run.Queue, run.Priority, run.Status), Is.EqualTo(("Order", 1, "gpu", 5, RunStatus.Pending)));
        Assert.That(run.DeadlineAt, Is.EqualTo(Clock.GetUtcNow().AddHours(1)));
        Assert.That((await Store.ReadPlacementAsync(run.RunId)).Wake!.DueAt, Is.EqualTo(Clock.GetUtcNow().AddMinutes(1)));
        Assert.That(run.Secret, Has.Length.EqualTo(32).And.Some.Not.Zero);
        Assert.That(RunIds.ShardOf(run.RunId), Is.EqualTo(RunIds.ShardOf("default", "order-1")).And.EqualTo(run.Shard));
        var document = JsonSerializer.Deserialize(run.Input, HistoryJson.Default.StartDocument)!;
        Assert.That(document.Input.GetRawText(), Is.EqualTo("""["ada",12]"""));
        Assert.That(document.RollOverSteps, Is.EqualTo(50));
        Assert.That((await handle.DescribeAsync()).Attributes, Is.EqualTo(new RunAttributes { { Customer, "ada" } }));
    }

    [Test]
    public async Task Without_an_id_each_start_is_another_run()
    {
        var one = await Client.StartAsync((OrderFlow w) => w.RunAsync("ada", 1));
        var two = await Client.StartAsync((OrderFlow w) => w.RunAsync("ada", 1));
        Assert.That(Guid.TryParse(one.WorkflowId, out _), Is.True);
        Assert.That(two.WorkflowId, Is.Not.EqualTo(one.WorkflowId));
        var (first, second) = (await RowAsync(one), await RowAsync(two));
        Assert.That(second.Secret, Is.Not.EqualTo(first.Secret));
        Assert.That(SeedOf(second), Is.Not.EqualTo(SeedOf(first)));

        static ulong SeedOf(RunRecord run) => JsonSerializer.Deserialize(run.Input, HistoryJson.Default.StartDocument)!.Seed;
    }

    [Test]
    public async Task A_codec_encodes_the_start()
    {
        Create(new ReverseCodec(), new DurableOptions());
        var run = await RowAsync(await StartAsync("order-1"));
        Assert.That(run.Encoding, Is.EqualTo(1));
        Assert.That(System.Text.Encoding.UTF8.GetString(run.Input!), Does.Not.Contain("\"input\""));
    }

    [Test]
    public async Task The_callers_trace_and_business_transaction_are_stored()
    {
        using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).AddBaggage("correlation", "c-1").Start();
        var handle = await StartAsync("order-1");
        await handle.SignalAsync(w => w.Approve("bob"));
        var (run, message) = (await RowAsync(handle), (await MailAsync(handle)).Single());
        Assert.That((run.Trace, run.Correlation), Is.EqualTo((activity.Id, "c-1")));
        Assert.That((message.Trace, message.Correlation), Is.EqualTo((activity.Id, "c-1")));
    }

    [Test]
    public async Task An_open_run_refuses_another_with_its_description()
    {
        var first = await StartAsync("order-1");
        var error = await ThrownAsync<RunConflictException>(() => StartAsync("order-1"));
        Assert.That((error.Code, error.Run!.RunId, error.Run.Status), Is.EqualTo((DurableErrorCodes.RunAlreadyStarted, first.RunId!.Value, RunStatus.Pending)));
        Assert.That(await Client.CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task An_open_run_is_used_if_the_policy_says_so()
    {
        var first = await StartAsync("order-1");
        var second = await StartAsync("order-1", new() { IdConflict = IdConflictPolicy.UseExisting });
        Assert.That(second.RunId, Is.EqualTo(first.RunId));
        Assert.That((await Client.StartAsync((OrderFlow w) => w.RunAsync("bob", 1), StartOptions.Once("order-1"))).RunId, Is.EqualTo(first.RunId));
    }

    [Test]
    public async Task An_open_run_is_terminated_first_if_the_policy_says_so()
    {
        var first = await StartAsync("order-1");
        var worker = await WorkerAsync();
        Store.After = async () =>
        {
            await worker.BeginAsync(first.RunId!.Value);                 // what the refused start ran into; then the terminate is delivered
            Store.After = () => worker.CloseAsync(RunStatus.Terminated);
        };
        var second = await StartAsync("order-1", new() { IdConflict = IdConflictPolicy.TerminateExisting });
        Assert.That(second.RunId, Is.Not.EqualTo(first.RunId));
        Assert.That((await RowAsync(first)).Status, Is.EqualTo(RunStatus.Terminated));
        var asked = (await MailAsync(first)).Single();
        Assert.That(((EventKind)asked.Kind, asked.Control), Is.EqualTo((EventKind.Terminated, true)));
        Assert.That((await RowAsync(Client.GetRun("order-1"))).RunId, Is.EqualTo(second.RunId));
    }

    [TestCase(IdReusePolicy.Allow, RunStatus.Completed, true)]
    [TestCase(IdReusePolicy.Allow, RunStatus.Failed, true)]
    [TestCase(IdReusePolicy.AllowIfFailed, RunStatus.Failed, true)]
    [TestCase(IdReusePolicy.AllowIfFailed, RunStatus.Cancelled, true)]
    [TestCase(IdReusePolicy.AllowIfFailed, RunStatus.TimedOut, true)]
    [TestCase(IdReusePolicy.AllowIfFailed, RunStatus.Completed, false)]
    [TestCase(IdReusePolicy.Reject, RunStatus.Completed, false)]
    [TestCase(IdReusePolicy.Reject, RunStatus.Terminated, false)]
    public async Task A_closed_run_lets_another_start_or_not(IdReusePolicy policy, RunStatus status, bool starts)
    {
        var first = await ClosedAsync("order-1", status);
        if (starts)
        {
            Assert.That((await StartAsync("order-1", new() { IdReuse = policy })).RunId, Is.Not.EqualTo(first.RunId));
            Assert.That(await Client.CountAsync(), Is.EqualTo(2));
            return;
        }

        var error = await ThrownAsync<RunConflictException>(() => StartAsync("order-1", new() { IdReuse = policy }));
        Assert.That((error.Code, error.Run!.Status), Is.EqualTo((DurableErrorCodes.RunAlreadyStarted, status)));
        Assert.That(await Client.CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_closed_run_is_used_if_the_policy_says_so()
    {
        var first = await ClosedAsync("order-1", RunStatus.Completed, "\"done\"");
        var again = await StartAsync("order-1", new() { IdReuse = IdReusePolicy.UseExisting });
        Assert.That(again.RunId, Is.EqualTo(first.RunId));
        Assert.That(await again.ResultAsync(), Is.EqualTo("done"));
    }

    [Test]
    public async Task A_start_whose_answer_was_lost_is_one_start()
    {
        Store.Doubts = 1;
        var handle = await StartAsync("order-1");
        Assert.That(await Client.CountAsync(), Is.EqualTo(1));
        Assert.That(handle.RunId, Is.EqualTo((await RowAsync(Client.GetRun("order-1"))).RunId));
    }

    [Test]
    public async Task A_connection_that_breaks_again_and_again_is_told()
    {
        Store.Doubts = 99;
        await RefusedAsync(() => StartAsync("order-1"), DurableErrorCodes.CommitInDoubt);
    }

    [Test]
    public async Task Signal_with_start_starts_a_run_with_its_signal()
    {
        var handle = await Client.SignalWithStartAsync((OrderFlow w) => w.RunAsync("ada", 1), w => w.Approve("bob"), new() { Id = "order-1" });
        var message = (await MailAsync(handle)).Single();
        Assert.That(((EventKind)message.Kind, message.Target), Is.EqualTo((EventKind.SignalReceived, "Approve")));
        Assert.That(Store.Deliveries, Is.EqualTo(1));
    }

    [Test]
    public async Task Signal_with_start_signals_the_open_run_whatever_the_policy()
    {
        var first = await StartAsync("order-1");
        var handle = await Client.SignalWithStartAsync((OrderFlow w) => w.RunAsync("ada", 1), w => w.Approve("bob"), new() { Id = "order-1", IdReuse = IdReusePolicy.Reject });
        Assert.That(handle.RunId, Is.EqualTo(first.RunId));
        Assert.That(await MailAsync(first), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Signal_with_start_starts_another_run_when_the_open_one_closes_meanwhile()
    {
        var first = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(first.RunId!.Value);
        Store.Before = () => worker.CloseAsync(RunStatus.Completed);
        var handle = await Client.SignalWithStartAsync((OrderFlow w) => w.RunAsync("ada", 1), w => w.Approve("bob"), new() { Id = "order-1" });
        Assert.That(handle.RunId, Is.Not.EqualTo(first.RunId));
        Assert.That(await MailAsync(handle), Has.Count.EqualTo(1));
    }

    [TestCase(IdReusePolicy.Reject)]
    [TestCase(IdReusePolicy.UseExisting)]
    [TestCase(IdReusePolicy.AllowIfFailed)]
    public async Task Signal_with_start_of_a_closed_run_asks_the_policy(IdReusePolicy policy)
    {
        await ClosedAsync("order-1", RunStatus.Completed);
        await NothingStoredAsync(() => Client.SignalWithStartAsync((OrderFlow w) => w.RunAsync("ada", 1), w => w.Approve("bob"), new() { Id = "order-1", IdReuse = policy }), DurableErrorCodes.RunAlreadyStarted);
    }

    [Test]
    public async Task Namespaces_do_not_see_each_other()
    {
        await StartAsync("order-1");
        var tenant = Client.ForNamespace("acme");
        Assert.That(tenant.Namespace, Is.EqualTo("acme"));
        await RefusedAsync(() => tenant.GetRun("order-1").DescribeAsync(), DurableErrorCodes.RunNotFound);
        await tenant.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), new() { Id = "order-1" });
        Assert.That((await tenant.CountAsync(), await Client.CountAsync()), Is.EqualTo((1, 1)));
    }
}

internal sealed class ReverseCodec : PayloadCodec
{
    public override string Id => "reverse";

    public override byte[] Encode(ReadOnlySpan<byte> payload, PayloadContext context)
    {
        byte[] reversed = [.. payload];
        Array.Reverse(reversed);
        return [(byte)context.RunId.GetHashCode(), .. reversed];
    }

    public override byte[] Decode(ReadOnlySpan<byte> payload, PayloadContext context)
    {
        if (payload[0] != (byte)context.RunId.GetHashCode()) throw new InvalidDataException("It belongs to another run.");
        byte[] reversed = [.. payload[1..]];
        Array.Reverse(reversed);
        return reversed;
    }
}
