// A client on the in-memory store, and the few steps of a worker that its tests need, done by hand.
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;
using Durable.Storage.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Core.Tests.Client;

/// <summary>Base of the client's fixtures.</summary>
public abstract class ClientFixture
{
    private protected ManualClock Clock { get; private set; } = null!;

    private protected ShapedStore Store { get; private set; } = null!;

    private protected EngineServices Services { get; private set; } = null!;

    private protected DurableClient Client { get; private set; } = null!;

    private protected ListLogger Log { get; private set; } = null!;

    [SetUp]
    public void CreateClient() => Create(null, new DurableOptions());

    [TearDown]
    public async Task DisposeEngine()
    {
        await Services.DisposeAsync();
        await Store.DisposeAsync();
    }

    private protected void Create(PayloadCodec? codec, DurableOptions options)
    {
        Clock = new ManualClock();
        Store = new ShapedStore(new InMemoryStore(Clock));
        Client = ClientOn(Store, codec, options);
    }

    private protected DurableClient ClientOn(IDurableStore store, PayloadCodec? codec, DurableOptions options)
    {
        var registry = new WorkflowRegistry([(typeof(OrderFlow), new WorkflowOptions())], [typeof(IShop)]);
        Services = new EngineServices(store, registry, new PayloadSerializer(null, options.MaxJsonDepth, options.MaxPayloadBytes, codec), options, Clock);
        Log = new ListLogger();
        return new EngineClient(Services, new NoLocalWorker(Services, NullLogger.Instance), Log, "default");
    }

    private protected Task<RunHandle<OrderFlow, string>> StartAsync(string id, StartOptions? options = null) =>
        Client.StartAsync((OrderFlow w) => w.RunAsync("ada", 12), (options ?? new StartOptions()) with { Id = id });

    private protected async Task<HandWorker> WorkerAsync() => new(Store, Services, await TestLane.OpenAsync(Store, "host-a"));

    /// <summary>Starts a run and closes it.</summary>
    private protected async Task<RunHandle<OrderFlow, string>> ClosedAsync(string id, RunStatus status, string? outcome = null)
    {
        var handle = await StartAsync(id);
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        await worker.CloseAsync(status, outcome);
        return handle;
    }

    private protected async Task<RunRecord> RowAsync(RunHandle handle) => (await Store.FindRunAsync("default", handle.WorkflowId, handle.RunId))!;

    private protected async Task<IReadOnlyList<MessageRecord>> MailAsync(RunHandle handle)
    {
        var run = await RowAsync(handle);
        return [.. (await Store.LoadAsync(new LoadRequest([run.RunId], MessagesOnly: true))).SelectMany(loaded => loaded.Messages)];
    }

    private protected static async Task<DurableException> RefusedAsync(Func<Task> verb, string code)
    {
        var error = await ThrownAsync<DurableException>(verb);
        Assert.That(error.Code, Is.EqualTo(code), error.Message);
        return error;
    }

    private protected static async Task<T> ThrownAsync<T>(Func<Task> verb) where T : Exception
    {
        try
        {
            await verb();
        }
        catch (T error)
        {
            return error;
        }

        throw new AssertionException($"A {typeof(T).Name} was expected.");
    }

    /// <summary>A verb is refused and the store is as it was.</summary>
    private protected async Task NothingStoredAsync(Func<Task> verb, string code)
    {
        var before = await ContentAsync();
        await RefusedAsync(verb, code);
        Assert.That(await ContentAsync(), Is.EqualTo(before));
    }

    private async Task<(long Runs, int Ready, int Writes)> ContentAsync() =>
        (await Store.CountRunsAsync(new RunQuery("default", null, [], null, null, null, null, null, 1)), (await Store.ReadReadyDepthAsync()).Count, Store.Deliveries);
}

/// <summary>The turns of one run, as a lane does them, one batch for each.</summary>
internal sealed class HandWorker(IDurableStore store, EngineServices services, TestLane lane)
{
    private WorkflowExecution execution = null!;
    private RunRecord run = null!;
    private TestRun id = null!;

    public TestLane Lane { get; } = lane;

    public WorkflowExecution Execution => execution;

    /// <summary>Claims a run and runs its first turn.</summary>
    public async Task BeginAsync(Guid runId)
    {
        run = (await store.LoadAsync(new LoadRequest([runId])))[0].Run!;
        id = new TestRun(run.RunId, run.Namespace, run.WorkflowId, run.Shard, run.Type, run.Version);
        Assert.That(await Lane.ClaimAsync(id), Has.Count.EqualTo(1));
        var info = new WorkflowInfo(run.WorkflowId, run.RunId, run.Type, run.Version) { Namespace = run.Namespace, StartedAt = run.CreatedAt };
        execution = new WorkflowExecution(services.Registry.Find(run.Type, run.Version)!, info, run.Secret, services.Serializer, new ExecutionLimits(), NullLogSink.Instance, services.Registry.Find);
        var first = Row(EventKind.RunStarted, run.Input, run.Encoding);
        await CommitAsync(first, batch => batch.Update(id, RunStatus.Running));
    }

    /// <summary>Applies all waiting messages.</summary>
    public async Task TakeMailAsync()
    {
        foreach (var message in (await store.LoadAsync(new LoadRequest([run.RunId], MessagesOnly: true)))[0].Messages)
            await CommitAsync(Row((EventKind)message.Kind, message.Payload, message.Encoding, message.Target, message), batch => batch.Drop(message));
    }

    /// <summary>Applies the answer of an activity.</summary>
    public Task AnswerAsync(int ordinal, string json) =>
        CommitAsync(Row(EventKind.ActivityCompleted, Codecs.Encode(services.Serializer.Codec, Make.Bytes(json), run.Namespace, run.RunId), Codecs.EncodingOf(services.Serializer.Codec), ordinal: ordinal));

    /// <summary>Stores what became of an update.</summary>
    public Task DocumentAsync(string updateId, UpdateAnswer answer) => Lane.Batch().Document(
        new DocumentRecord(run.Namespace, "update", $"{run.RunId:N}/{updateId}", run.Shard, 1, JsonSerializer.Serialize(answer, HistoryJson.Default.UpdateAnswer), run.RunId)).CommitAsync();

    public Task ParkAsync(short hold = 0, DateTimeOffset? dueAt = null, params WaitDocument[] waits) =>
        Lane.Batch().Park(Make.Park(id, execution.NextSeq, dueAt, hold: hold, reason: JsonSerializer.Serialize(waits, HistoryJson.Default.IReadOnlyListWaitDocument))).CommitAsync();

    public Task CloseAsync(RunStatus status, string? outcome = null) => Lane.Batch().Close(new CloseRecord
    {
        RunId = run.RunId, Shard = run.Shard, Status = status, Outcome = Codecs.Encode(services.Serializer.Codec, outcome is null ? null : Make.Bytes(outcome), run.Namespace, run.RunId),
        Encoding = Codecs.EncodingOf(services.Serializer.Codec), MayHaveRows = true,
    }).CommitAsync();

    /// <summary>Applies a row and stores it.</summary>
    public async Task CommitAsync(EventRecord row, Action<BatchBuilder>? more = null)
    {
        Assert.That(execution.Apply(row), Is.Null);
        var batch = Lane.Batch().Event(row);
        more?.Invoke(batch);
        await batch.CommitAsync();
    }

    public EventRecord Row(EventKind kind, byte[]? payload, short encoding, string? target = null, MessageRecord? message = null, int ordinal = 0) => new()
    {
        RunId = run.RunId, Gen = 0, Seq = execution.NextSeq, Kind = (short)kind, At = services.Clock.GetUtcNow(), Ordinal = ordinal, Target = target, Payload = payload, Encoding = encoding, Schema = 1,
        Sender = message?.Sender ?? Guid.Empty, SenderSeq = message?.SenderSeq ?? 0, Actor = message?.Actor, Correlation = message?.Correlation, Trace = message?.Trace, Namespace = run.Namespace, Shard = run.Shard,
    };
}
