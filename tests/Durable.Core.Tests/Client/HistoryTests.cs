// The expanded history that people read.
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class HistoryTests : ClientFixture
{
    [Test]
    public async Task Rows_are_unfolded_into_arrivals_and_commands()
    {
        var handle = await FinishedAsync();
        var events = await handle.HistoryAsync().ToListAsync();
        Assert.That(events.Select(one => $"{one.Number} {one.Position} {one.Kind}"), Is.EqualTo(new[]
        {
            "1 0:0:0 RunStarted", "2 0:1:0 SignalReceived", "3 0:1:1 ActivityScheduled", "4 0:2:0 ActivityCompleted", "5 0:2:1 RunCompleted",
        }));
        Assert.That(events.Select(one => (one.WorkflowId, one.RunId, one.Generation)).Distinct(), Is.EqualTo([("order-1", handle.RunId!.Value, 0)]));
        Assert.That(events[0].Data.GetProperty("payload").GetProperty("input").GetRawText(), Is.EqualTo("""["ada",12]"""));
        Assert.That(events[1].Data.GetRawText(), Is.EqualTo("""{"name":"Approve","payload":["bob"]}"""));
        Assert.That(events[2].Data.GetRawText(), Is.EqualTo("""{"name":"Shop.Charge","ordinal":2,"body":{"args":["ada",12]}}"""));
        Assert.That(events[3].Data.GetRawText(), Is.EqualTo("""{"ordinal":2,"payload":"receipt"}"""));
        Assert.That(events[4].Data.GetProperty("body").GetString(), Is.EqualTo("receipt"));
    }

    [Test]
    public async Task Payloads_of_a_codec_are_decoded_where_it_is_there_and_left_out_where_not()
    {
        Create(new ReverseCodec(), new DurableOptions());
        var handle = await FinishedAsync();
        var here = await handle.HistoryAsync().ToListAsync();
        Assert.That(here[2].Data.GetProperty("body").GetRawText(), Is.EqualTo("""{"args":["ada",12]}"""));
        var elsewhere = await ClientOn(Store, null, new DurableOptions()).GetRun("order-1").HistoryAsync().ToListAsync();
        Assert.That(elsewhere.Select(one => one.Kind), Is.EqualTo(here.Select(one => one.Kind)));
        Assert.That(elsewhere.Select(one => one.Data.GetProperty("undecoded").GetBoolean()), Is.All.True);
        Assert.That(elsewhere[2].Data.GetProperty("name").GetString(), Is.EqualTo("Shop.Charge"));
    }

    [Test]
    public async Task Values_of_redacted_names_are_blanked_however_deep()
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        await handle.SignalAsync(w => w.Log(new Login("bob", "hunter2")));
        await worker.TakeMailAsync();
        var signal = (await handle.HistoryAsync().ToListAsync())[1];
        Assert.That(signal.Data.GetProperty("payload").GetRawText(), Is.EqualTo("""[{"user":"bob","password":"***"}]"""));
        var export = await handle.ExportAsync();
        Assert.That(export.GetProperty("events").GetRawText(), Does.Not.Contain("hunter2"));
        Assert.That(export.GetProperty("durable").GetRawText(), Does.Contain("hunter2"));
    }

    [Test]
    public async Task A_long_history_is_read_in_pages()
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        for (var i = 0; i < 1_100; i++) await worker.CommitAsync(worker.Row(EventKind.MailReceived, "{}"u8.ToArray(), 0, "Nobody"));
        Assert.That(await handle.HistoryAsync().Select(one => one.Number).ToListAsync(), Is.EqualTo(Enumerable.Range(1, 1_101)));
        Assert.That(await handle.QueryAsync(w => w.State), Is.EqualTo("waiting"));
    }

    [TestCase(true, false, DurableErrorCodes.HistoryBroken)]
    [TestCase(false, false, DurableErrorCodes.HistoryBroken)]
    [TestCase(true, true, DurableErrorCodes.EventUnknown)]
    public async Task A_broken_history_is_refused(bool gapless, bool genuine, string code)
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        var next = worker.Row(EventKind.MailReceived, "{}"u8.ToArray(), 0, "Nobody");
        var row = new Durable.Storage.EventRecord
        {
            RunId = next.RunId, Gen = 0, Seq = gapless ? next.Seq : next.Seq + 1, Kind = genuine ? (short)99 : next.Kind, At = next.At, Payload = next.Payload, Namespace = next.Namespace, Shard = next.Shard,
        };
        row.Crc = genuine || !gapless ? Checksum.Of(row, worker.Execution.Crc) : 4711;
        await worker.Lane.Batch().Event(row).CommitAsync();
        await RefusedAsync(async () => await handle.HistoryAsync().ToListAsync(), code);
        if (!genuine) await RefusedAsync(() => handle.ExportAsync(), code);
        else Assert.That((await handle.ExportAsync()).GetProperty("events")[1].GetProperty("type").GetString(), Is.EqualTo("durable.Kind99"));
    }

    [Test]
    public void Every_kind_has_a_name_of_its_own()
    {
        var names = Enum.GetValues<EventKind>().Select(kind => HistoryExpansion.KindOf((short)kind)).Concat(Enum.GetValues<CommandKind>().Select(HistoryExpansion.KindOf)).ToList();
        Assert.That(names, Is.Unique);
        Assert.That(names, Has.None.StartsWith("Command").And.None.StartsWith("Kind"));
    }

    private async Task<RunHandle<OrderFlow, string>> FinishedAsync()
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        await handle.SignalAsync(w => w.Approve("bob"));
        await worker.TakeMailAsync();
        await worker.AnswerAsync(2, "\"receipt\"");
        await worker.CloseAsync(RunStatus.Completed, "\"receipt\"");
        return handle;
    }
}
