// A million broken inputs: what is stored or comes from outside may be anything. Only typed errors come out, no type of the data's choosing, no hang, no heap of memory.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Durable.Core.Tests.Client;
using Durable.Core.Tests.Replay;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Fuzz;

/// <summary>Smoke form: 1,050,000 inputs. DURABLE_FUZZ multiplies them and moves the seeds for a campaign.</summary>
[TestFixture]
public sealed class FuzzTests : ClientFixture
{
    private const long MostBytes = 64L * 1024 * 1024;
    private static readonly int Times = int.Parse(Environment.GetEnvironmentVariable("DURABLE_FUZZ") ?? "1", CultureInfo.InvariantCulture);
    private static readonly Parameter[] Parameters = WorkflowParameters();

    private static IReadOnlyList<EventRecord[]> Histories { get; } = [.. Directory.GetFiles(Path.Combine(Approved.Folder, "Frozen"), "*.json").Order(StringComparer.Ordinal).Select(Read)];

    private static IReadOnlyList<string> Workflows { get; } = [.. Directory.GetFiles(Path.Combine(Approved.Folder, "Frozen"), "*.json").Order(StringComparer.Ordinal).Select(file => JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("workflow").GetString()!)];

    [Test]
    public void Histories_are_replayed_or_held() => Each(60_000, random =>
    {
        var number = random.Below(Histories.Count);
        var rows = Histories[number].Select(row => World.Copy(row)).ToList();
        var at = random.Below(rows.Count);
        var row = rows[at];
        switch (random.Below(6))
        {
            case 0:
                row.Commands = random.Change(row.Commands ?? []);
                break;
            case 1:
                row = World.Row(row.Seq, (EventKind)random.Below(40), row.Ordinal, row.Target, row.Payload, row.At);
                break;
            case 2:
                row = World.Row(row.Seq, (EventKind)row.Kind, random.Pick([-1, 0, 1, 2, 7, int.MaxValue]), random.Pick<string?>([row.Target, null, "", "Approve", "Items"]), row.Payload, row.At);
                break;
            case 3:
                rows.RemoveAt(at);
                break;
            default:
                row = World.Row(row.Seq, (EventKind)row.Kind, row.Ordinal, row.Target, random.Change(row.Payload ?? []), row.At, encoding: (short)(random.Below(20) == 0 ? 1 : 0));
                row.Commands = Histories[number][at].Commands;
                break;
        }

        if (rows.Count == Histories[number].Length) rows[at] = row;
        if (rows.Count == 0) return;
        var crc = 0;
        for (var i = 0; i < rows.Count; i++)      // whoever broke it made the checksums fit
        {
            rows[i] = Renumbered(rows[i], i);
            rows[i].Crc = crc = Checksum.Of(rows[i], crc);
        }

        if (HistoryCheck.Fault(rows, 0) is not null) return;
        var execution = World.Execution(World.Registry.Find(Workflows[number], 1)!, "w");
        _ = execution.Replay(rows);
    });

    [Test]
    public void Payloads_are_decoded_or_refused() => Each(450_000, random =>
    {
        var good = random.Pick(GoodPayloads);
        var bytes = random.Change(good);
        switch (random.Below(5))
        {
            case 0:
                _ = World.Serializer.Decode<Item>(bytes, "A result");
                break;
            case 1:
                _ = World.Serializer.Decode<Dictionary<string, object>>(bytes, "A result");
                break;
            case 2:
                _ = World.Serializer.Decode<List<DateTimeOffset>>(bytes, "A result");
                break;
            case 3:
                _ = World.Serializer.Decode<JsonElement>(bytes, "A result");
                break;
            default:
                _ = World.Serializer.DecodeArguments(bytes, Parameters, "A signal");
                break;
        }
    });

    [Test]
    public void Documents_and_tokens_from_outside_are_read_or_refused() => Each(500_000, random =>
    {
        var token = random.Change(Tokens.Create(World.RunId, 1, 2, World.Secret));
        Assert.That(Tokens.TryRead(token, out var _, out var _, out var _) && Tokens.IsGenuine(token, World.Secret) && token != Tokens.Create(World.RunId, 1, 2, World.Secret) && !IsSame(token), Is.False);
        if (random.Below(2) == 0) _ = CommandsOf(random.Change(random.Pick(Histories)[0].Commands ?? []));
        else _ = ClientJson.TryParse(random.Change(random.Pick(GoodPayloads)));
    });

    [Test]
    public async Task Exports_are_imported_or_refused()
    {
        var run = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(run.RunId!.Value);
        var export = Encoding.UTF8.GetBytes((await run.ExportAsync()).GetRawText());
        Each(40_000, random =>
        {
            JsonElement document;
            try
            {
                document = JsonDocument.Parse(random.Change(export)).RootElement;
            }
            catch (JsonException)
            {
                return;                     // the caller's parser, not ours
            }

            Client.ImportAsync(document).GetAwaiter().GetResult();
        });
    }

    [OneTimeTearDown]
    public void No_type_was_brought_to_life_by_data() => Assert.That(Trap.IsSprung, Is.False);

    // Seeds in order; what comes out is nothing, or an exception with a code.
    private static void Each(int count, Action<Mutator> body)
    {
        var wrong = new List<string>();
        var (refused, most) = (0, 0L);
        var campaign = Environment.GetEnvironmentVariable("DURABLE_FUZZ") is null ? 0UL : 1_000_000_000UL;
        for (var i = 0; i < count * Times && wrong.Count < 10; i++)
        {
            var seed = campaign + (ulong)i;
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                body(new Mutator(seed));
            }
            catch (DurableException error) when (error.Code.StartsWith("DUR", StringComparison.Ordinal))
            {
                refused++;
            }
            catch (Exception error) when (error is not AssertionException)
            {
                wrong.Add($"seed {seed}: {error}");
            }

            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes > MostBytes) wrong.Add($"seed {seed}: {bytes:N0} bytes");
            most = Math.Max(most, bytes);
        }

        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FUZZ inputs={(long)count * Times} refused={refused} most={most} bytes violations={wrong.Count}"));
        Assert.That(wrong, Is.Empty);
    }

    private static readonly byte[][] GoodPayloads = [.. new[]
    {
        "{\"name\":\"tea\",\"price\":5}", "[{\"name\":\"tea\",\"price\":5},3]", "\"text\"", "[1,2,3]", "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}", "[\"2030-01-01T00:00:00+00:00\"]", "12345.678", "true",
    }.Select(Encoding.UTF8.GetBytes)];

    // As replay reads them: broken ones hold the run, so a parser's own exceptions are caught where it is called.
    private static int CommandsOf(byte[] column)
    {
        try
        {
            return CommandHead.ParseAll(column).Count;
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            return 0;
        }
    }

    private static bool IsSame(string token)
    {
        // base64url leaves unused bits in its last character: another text, the same bytes.
        Tokens.TryRead(token, out var run, out var gen, out var ordinal);
        return (run, gen, ordinal) == (World.RunId, 1, 2);
    }

    private static EventRecord Renumbered(EventRecord row, int seq)
    {
        if (row.Seq == seq) return row;
        var copy = World.Row(seq, (EventKind)row.Kind, row.Ordinal, row.Target, row.Payload, row.At, row.Gen, row.Encoding);
        copy.Commands = row.Commands;
        return copy;
    }

    private static Parameter[] WorkflowParameters() => World.Registry.Find("FrozenOrder", 1)?.RunParameters ?? World.Registry.Find(Workflows[0], 1)!.RunParameters;

    private static EventRecord[] Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(row =>
        {
            var record = World.Row(Int(row, "seq"), (EventKind)Int(row, "kind"), Int(row, "ordinal"), Text(row, "target"), Bytes(Text(row, "payload")), row.GetProperty("at").GetDateTimeOffset());
            record.Commands = Bytes(Text(row, "commands"));
            return record;
        })];
    }

    private static int Int(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.GetInt32() : 0;

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
