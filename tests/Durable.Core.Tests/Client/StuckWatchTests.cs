// A wait that cannot end says so after ten seconds and then each minute.
using Durable.Engine.Client;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class StuckWatchTests : ClientFixture
{
    private readonly List<string> said = [];
    private readonly List<Exception> failures = [];
    private TimerClock timers = null!;
    private TaskCompletionSource<int> work = null!;

    [SetUp]
    public void Reset()
    {
        said.Clear();
        failures.Clear();
        timers = new TimerClock();
        work = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Test]
    public async Task A_stuck_wait_warns_after_ten_seconds_and_then_each_minute()
    {
        var wait = Watch(_ => Task.FromResult<string?>("held")).WhileAsync(work.Task, CancellationToken.None);
        await timers.ArmedAsync();
        timers.Advance(TimeSpan.FromSeconds(9.9));
        Assert.That(said, Is.Empty);
        timers.Advance(TimeSpan.FromSeconds(0.1));
        await timers.ArmedAsync();
        Assert.That(said, Is.EqualTo(["held"]));
        timers.Advance(TimeSpan.FromSeconds(59));
        Assert.That(said, Has.Count.EqualTo(1));
        timers.Advance(TimeSpan.FromSeconds(1));
        await timers.ArmedAsync();
        Assert.That(said, Has.Count.EqualTo(2));
        work.SetResult(7);
        Assert.That(await wait, Is.EqualTo(7));
    }

    [Test]
    public async Task A_wait_that_is_merely_long_is_silent()
    {
        var wait = Watch(_ => Task.FromResult<string?>(null)).WhileAsync(work.Task, CancellationToken.None);
        await timers.ArmedAsync();
        timers.Advance(TimeSpan.FromSeconds(10));
        await timers.ArmedAsync();
        Assert.That(said, Is.Empty);
        work.SetResult(1);
        Assert.That(await wait, Is.EqualTo(1));
    }

    [Test]
    public async Task An_explanation_that_fails_does_not_end_the_wait()
    {
        var wait = Watch(_ => throw new DurableException(DurableErrorCodes.StoreUnavailable, "away")).WhileAsync(work.Task, CancellationToken.None);
        await timers.ArmedAsync();
        timers.Advance(TimeSpan.FromSeconds(10));
        await timers.ArmedAsync();
        Assert.That(failures, Has.Count.EqualTo(1));
        work.SetResult(1);
        Assert.That(await wait, Is.EqualTo(1));
    }

    [Test]
    public async Task A_wait_that_fails_fails()
    {
        work.SetException(new TimeoutException());
        await ThrownAsync<TimeoutException>(() => Watch(_ => Task.FromResult<string?>(null)).WhileAsync(work.Task, CancellationToken.None));
    }

    [Test]
    public async Task The_client_logs_why_an_awaited_run_is_stuck_without_payloads()
    {
        var handle = await StartAsync("order-1");
        var reader = new RunReader(new ClientCore(Services, new NoLocalWorker(Services, Log), Log, "default", new InboxProbe()));
        var waiter = new RunWaiter(new ClientCore(new(Store, Services.Registry, Services.Serializer, Services.Options, timers), new NoLocalWorker(Services, Log), Log, "default", new InboxProbe()), reader);
        var wait = waiter.WatchAsync(await RowAsync(handle), _ => work.Task, CancellationToken.None);
        await timers.ArmedAsync();
        timers.Advance(TimeSpan.FromSeconds(10));
        await timers.ArmedAsync();
        var line = Log.Lines.Single();
        Assert.That((line.Level, line.Id), Is.EqualTo((Microsoft.Extensions.Logging.LogLevel.Warning, 401)));
        Assert.That(line.Text, Does.Contain("'order-1'").And.Contain("No live worker serves 'Order' version 1").And.Not.Contain("ada"));
        work.SetResult(1);
        Assert.That(await wait, Is.EqualTo(1));
    }

    private StuckWatch Watch(Func<CancellationToken, Task<string?>> explain) => new(timers, explain, said.Add, failures.Add);
}
