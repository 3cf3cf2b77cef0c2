// A run as one document, and back.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;
using Durable.Storage.Contract;
using FsCheck;
using FsCheck.Fluent;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class ExportTests : ClientFixture
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task An_open_run_is_imported_as_paused_with_its_history_and_a_new_secret(bool codec)
    {
        Create(codec ? new ReverseCodec() : null, new DurableOptions());
        var (export, secret) = await ExportedAsync(close: false);
        Assert.That(export.GetRawText(), Does.Not.Contain(Convert.ToBase64String(secret)).And.Not.Contain("secret"));
        await using var there = new InMemoryStore(Clock);
        var client = ClientOn(there, codec ? new ReverseCodec() : null, new DurableOptions());
        var imported = await client.ImportAsync(export);
        var run = (await there.FindRunAsync("default", "order-1", null))!;
        Assert.That((imported.WorkflowId, imported.RunId, run.Status), Is.EqualTo(("order-1", (Guid?)run.RunId, RunStatus.Paused)));
        Assert.That(run.Secret, Has.Length.EqualTo(32).And.Not.EqualTo(secret));
        Assert.That((await there.ReadPlacementAsync(run.RunId)).Wake!.Hold, Is.EqualTo(HoldReasons.Paused));
        Assert.That(await client.GetRun<OrderFlow>("order-1").QueryAsync(w => w.Approvals), Is.EqualTo(["bob"]));
        Assert.That(Rows(await imported.ExportAsync()), Is.EqualTo(Rows(export)));
        await imported.ResumeAsync();
    }

    [Test]
    public async Task A_closed_run_is_imported_as_it_was()
    {
        var (export, _) = await ExportedAsync(close: true);
        await using var there = new InMemoryStore(Clock);
        var client = ClientOn(there, null, new DurableOptions());
        await client.ImportAsync(export);
        Assert.That(await client.GetRun<OrderFlow, string>("order-1").ResultAsync(), Is.EqualTo("receipt"));
    }

    [Test]
    public async Task A_run_that_has_not_begun_is_imported_with_its_start()
    {
        var handle = await StartAsync("order-1");
        var export = await handle.ExportAsync();
        await using var there = new InMemoryStore(Clock);
        await ClientOn(there, null, new DurableOptions()).ImportAsync(export);
        Assert.That((await there.FindRunAsync("default", "order-1", null))!.Input, Is.EqualTo((await RowAsync(handle)).Input));
    }

    [Test]
    public async Task The_events_are_cloud_events()
    {
        var (export, _) = await ExportedAsync(close: true);
        var events = export.GetProperty("events").EnumerateArray().ToList();
        Assert.That(events, Has.Count.EqualTo(5));
        Assert.That(events.Select(one => one.GetProperty("id").GetString()), Is.Unique);
        foreach (var one in events)
        {
            Assert.That(one.GetProperty("specversion").GetString(), Is.EqualTo("1.0"));
            Assert.That(one.GetProperty("type").GetString(), Does.Match("^durable\\.[A-Za-z0-9]+$"));
            Assert.That(Uri.TryCreate(one.GetProperty("source").GetString(), UriKind.Relative, out var source) ? source.ToString() : null, Is.EqualTo("/durable/default/Order"));
            Assert.That(one.GetProperty("subject").GetString(), Is.EqualTo("order-1"));
            Assert.That(one.GetProperty("time").TryGetDateTimeOffset(out var time), Is.True);
            Assert.That(one.GetProperty("datacontenttype").GetString(), Is.EqualTo("application/json"));
            Assert.That(one.EnumerateObject().Select(member => member.Name), Has.All.Match("^[a-z0-9]+$"));
            Assert.That(one.TryGetProperty("data", out _), Is.True);
        }
    }

    [Test]
    public async Task A_run_that_is_here_already_is_not_imported()
    {
        var (export, _) = await ExportedAsync(close: false);
        await RefusedAsync(() => Client.ImportAsync(export), DurableErrorCodes.RunAlreadyStarted);
    }

    [Test]
    public async Task An_open_run_with_the_id_refuses_the_import()
    {
        var (export, _) = await ExportedAsync(close: false);
        await using var there = new InMemoryStore(Clock);
        var client = ClientOn(there, null, new DurableOptions());
        await client.StartAsync((OrderFlow w) => w.RunAsync("eve", 1), new() { Id = "order-1" });
        var error = await ThrownAsync<RunConflictException>(() => client.ImportAsync(export));
        Assert.That((error.Code, error.Run!.WorkflowId), Is.EqualTo((DurableErrorCodes.RunAlreadyStarted, "order-1")));
    }

    [Test]
    public async Task A_run_of_another_namespace_is_not_imported()
    {
        var (export, _) = await ExportedAsync(close: false);
        await RefusedAsync(() => Client.ForNamespace("acme").ImportAsync(export), DurableErrorCodes.RequestInvalid);
    }

    private static IEnumerable<TestCaseData> Damages()
    {
        yield return Case("No_document", _ => JsonNode.Parse("[]")!, DurableErrorCodes.RequestInvalid);
        yield return Case("Another_document", _ => JsonNode.Parse("""{"durable":7}""")!, DurableErrorCodes.RequestInvalid);
        yield return Case("A_missing_header", root => Changed(root, run => ((JsonObject)run).Remove("run")), DurableErrorCodes.RequestInvalid);
        yield return Case("A_null_header", root => Changed(root, run => run["run"] = null), DurableErrorCodes.RequestInvalid);
        yield return Case("Null_rows", root => Changed(root, run => run["rows"] = null), DurableErrorCodes.RequestInvalid);
        yield return Case("A_null_row", root => Changed(root, run => run["rows"]![1] = null), DurableErrorCodes.RequestInvalid);
        yield return Case("A_newer_schema", root => Changed(root, run => run["schema"] = 2), DurableErrorCodes.RequestInvalid);
        yield return Case("A_status_that_does_not_exist", root => Changed(root, run => run["run"]!["status"] = "Happy"), DurableErrorCodes.RequestInvalid);
        yield return Case("A_workflow_id_that_is_too_long", root => Changed(root, run => run["run"]!["workflowId"] = new string('x', 201)), DurableErrorCodes.NameTooLong);
        yield return Case("Another_workflow_id", root => Changed(root, run => run["run"]!["workflowId"] = "order-2"), DurableErrorCodes.RequestInvalid);
        yield return Case("Base64_that_is_none", root => Changed(root, run => Replace(run["rows"]![1]!, "payload", "payloadBase64", "!")), DurableErrorCodes.RequestInvalid);
        yield return Case("An_edited_payload", root => Changed(root, run => run["rows"]![1]!["payload"] = """["eve"]"""), DurableErrorCodes.HistoryBroken);
        yield return Case("An_edited_checksum", root => Changed(root, run => run["rows"]![1]!["crc"] = 1), DurableErrorCodes.HistoryBroken);
        yield return Case("A_missing_row", root => Changed(root, run => ((JsonArray)run["rows"]!).RemoveAt(1)), DurableErrorCodes.HistoryBroken);
        yield return Case("A_missing_row_in_between", root => Changed(root, run => { ((JsonArray)run["rows"]!).RemoveAt(0); run["count"] = 1; }), DurableErrorCodes.HistoryBroken);
        yield return Case("A_missing_first_row", root => Changed(root, run => ((JsonArray)run["rows"]!).RemoveAt(0)), DurableErrorCodes.HistoryBroken);
        yield return Case("No_rows", root => Changed(root, run => { ((JsonArray)run["rows"]!).Clear(); run["count"] = 0; }), DurableErrorCodes.HistoryBroken);
        yield return Case("A_generation_too_many", root => Changed(root, run => run["run"]!["generation"] = 1), DurableErrorCodes.HistoryBroken);
        yield return Case("An_unknown_kind", root => Changed(root, run => run["rows"]![1]!["kind"] = 99), DurableErrorCodes.EventUnknown);

        static TestCaseData Case(string name, Func<JsonNode, JsonNode> damage, string code) => new TestCaseData(damage, code).SetName(name);

        static JsonNode Changed(JsonNode root, Action<JsonNode> change)
        {
            change(root["durable"]!);
            return root;
        }

        static void Replace(JsonNode row, string old, string name, string value)
        {
            ((JsonObject)row).Remove(old);
            row[name] = value;
        }
    }

    [TestCaseSource(nameof(Damages))]
    public async Task Damaged(Func<JsonNode, JsonNode> damage, string code)
    {
        var (export, _) = await ExportedAsync(close: false);
        var damaged = JsonSerializer.SerializeToElement(damage(JsonNode.Parse(export.GetRawText())!));
        await using var there = new InMemoryStore(Clock);
        var client = ClientOn(there, null, new DurableOptions());
        await RefusedAsync(() => client.ImportAsync(damaged), code);
        Assert.That(await client.CountAsync(), Is.Zero);
    }

    [Test]
    public async Task Nothing_is_no_export() => await RefusedAsync(() => Client.ImportAsync(default), DurableErrorCodes.RequestInvalid);

    [Test]
    public void Whatever_the_rows_hold_comes_back_byte_by_byte()
    {
        var bytes = ArbMap.Default.ArbFor<byte[]>().Generator.Select(some => (byte[]?)some);
        var texts = ArbMap.Default.ArbFor<string>().Generator.Select(text => text is null ? null : JsonSerializer.SerializeToUtf8Bytes(text));
        var row =
            from coded in ArbMap.Default.ArbFor<bool>().Generator
            from payload in coded ? bytes : texts
            from kind in Gen.Elements(EventKind.SignalReceived, EventKind.MailReceived, EventKind.TimerFired, EventKind.CancelRequested)
            from target in Gen.Elements(null, "Approve", "ünïcödé \" \\ <&>", "日本")
            from ordinal in Gen.Choose(0, 1_000_000)
            select (Coded: coded, Payload: payload, Kind: kind, Target: target, Ordinal: ordinal);
        var property = Prop.ForAll(row.ListOf().ToArbitrary(), rows => ComesBackAsync([.. rows]).GetAwaiter().GetResult());
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), property);
    }

    private static async Task<bool> ComesBackAsync(List<(bool Coded, byte[]? Payload, EventKind Kind, string? Target, int Ordinal)> rows)
    {
        var clock = new ManualClock();
        await using var here = new InMemoryStore(clock);
        await using var there = new InMemoryStore(clock);
        var fixture = new ExportTests { };
        var lane = await TestLane.OpenAsync(here, "host-a");
        var run = Make.Run("order-1");
        var start = Make.OwnedStart(run, withEvent: false);
        var batch = lane.Batch().Start(start);
        var crc = 0;
        var seq = 0;
        Add(EventKind.RunStarted, Make.Bytes("""{"seed":1,"input":[]}"""), 0, null, 0);
        foreach (var row in rows) Add(row.Kind, row.Payload, row.Coded ? (short)1 : (short)0, row.Target, row.Ordinal);
        await batch.CommitAsync();
        fixture.Create(null, new DurableOptions());
        var export = await fixture.ClientOn(here, null, new DurableOptions()).GetRun("order-1").ExportAsync();
        await fixture.ClientOn(there, null, new DurableOptions()).ImportAsync(export);
        var (before, after) = (await here.ReadEventsAsync(run.Id, 0, 0, 10_000), await there.ReadEventsAsync(run.Id, 0, 0, 10_000));
        return before.Select(Text).SequenceEqual(after.Select(Text));

        void Add(EventKind kind, byte[]? payload, short encoding, string? target, int ordinal)
        {
            var row = new EventRecord
            {
                RunId = run.Id, Gen = 0, Seq = seq, Kind = (short)kind, At = clock.GetUtcNow().AddSeconds(seq++), Ordinal = ordinal, Target = target, Payload = payload, Encoding = encoding, Schema = 1,
                Sender = Make.Sender(seq), SenderSeq = seq, Actor = "ada", Causation = target, Namespace = run.Namespace, Shard = run.Shard,
                Commands = encoding == 1 ? [.. "[3,1,\"\",null]\n\n"u8, 0xff, 0x00] : seq % 2 == 0 ? "[3,1,\"\",null]\n\n{}\n"u8.ToArray() : null,
            };
            row.Crc = crc = Checksum.Of(row, crc);
            batch.Event(row);
        }

        static string Text(EventRecord row) =>
            $"{row.Gen}|{row.Seq}|{row.Kind}|{row.At:O}|{row.Ordinal}|{row.Target}|{Hex(row.Payload)}|{Hex(row.Commands)}|{row.Encoding}|{row.Schema}|{row.Crc}|{row.Sender}|{row.SenderSeq}|{row.Actor}|{row.Causation}|{row.Namespace}|{row.Shard}";

        static string Hex(byte[]? value) => value is null ? "null" : Convert.ToHexString(value);
    }

    private static string Rows(JsonElement export) => export.GetProperty("durable").GetProperty("rows").GetRawText();

    private async Task<(JsonElement Export, byte[] Secret)> ExportedAsync(bool close)
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        await handle.SignalAsync(w => w.Approve("bob"));
        await worker.TakeMailAsync();
        if (close)
        {
            await worker.AnswerAsync(2, "\"receipt\"");
            await worker.CloseAsync(RunStatus.Completed, "\"receipt\"");
        }

        return (await handle.ExportAsync(), (await RowAsync(handle)).Secret);
    }
}
