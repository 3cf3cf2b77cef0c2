// The checksum chain: an edited, missing, swapped or foreign row is found.
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Core.Tests.History;

[TestFixture]
[Category("Pure")]
public sealed class HistoryCheckTests
{
    [Test]
    public void A_whole_history_passes()
    {
        Assert.That(HistoryCheck.Fault(Rows(), 3), Is.Null);
        Assert.That(HistoryCheck.Fault([], 3), Is.Null);
    }

    [Test]
    public void Every_single_byte_of_payload_and_commands_counts()
    {
        for (var at = 0; at < 4; at++)
        {
            foreach (var commands in new[] { false, true })
            {
                var bytes = (commands ? Rows()[at].Commands : Rows()[at].Payload) ?? [];
                for (var i = 0; i < bytes.Length; i++)
                {
                    var rows = Rows();
                    (commands ? rows[at].Commands : rows[at].Payload)![i] ^= 1;
                    Assert.That(HistoryCheck.Fault(rows, 3), Does.StartWith($"Row {at} ").And.Contain("checksum"));
                }
            }
        }
    }

    private static IEnumerable<TestCaseData> Edits()
    {
        yield return Case("A_missing_row", rows => rows.RemoveAt(2), "Row 2 is missing (the next one found is 3)");
        yield return Case("A_missing_first_row", rows => rows.RemoveAt(0), "Row 0 is missing");
        yield return Case("Swapped_rows", rows => (rows[1], rows[2]) = (rows[2], rows[1]), "Row 1 is missing");
        yield return Case("Swapped_rows_renumbered", rows => (rows[1], rows[2]) = (Edit(rows[2], seq: 1), Edit(rows[1], seq: 2)), "Row 1 ");
        yield return Case("Another_generation", rows => rows[1] = Edit(rows[1], gen: 4), "belongs to generation 4; 3 was expected");
        yield return Case("Another_kind", rows => rows[1] = Edit(rows[1], kind: 2), "Row 1 (ActivityFailed) has checksum");
        yield return Case("Another_ordinal", rows => rows[1] = Edit(rows[1], ordinal: 9), "Row 1 ");
        yield return Case("Another_target", rows => rows[3] = Edit(rows[3], target: "other"), "Row 3 ");
        yield return Case("No_target", rows => rows[3] = Edit(rows[3], target: null), "Row 3 ");
        yield return Case("Another_encoding", rows => rows[1] = Edit(rows[1], encoding: 1), "Row 1 ");
        yield return Case("A_first_row_of_another_kind", rows => rows[0] = Edit(rows[0], kind: 5), "The first row is TimerFired; RunStarted was expected");
        yield return Case("A_doubled_row", rows => rows.Insert(1, rows[1]), "Row 2 is missing (the next one found is 1)");
    }

    [TestCaseSource(nameof(Edits))]
    public void Is_found(Delegate edit, string said)
    {
        var rows = Rows();
        ((Action<List<EventRecord>>)edit)(rows);
        Assert.That(HistoryCheck.Fault(rows, 3), Does.Contain(said));
    }

    [Test]
    public void What_moves_between_payload_commands_and_target_is_found()
    {
        var first = Row(0, EventKind.RunStarted, 0, "ab", [1], [2]);
        var second = Row(0, EventKind.RunStarted, 0, "a", [(byte)'b', 1], [2]);
        var third = Row(0, EventKind.RunStarted, 0, "ab", [1, 2], []);
        Assert.That(new[] { first, second, third }.Select(row => Checksum.Of(row, 0)).Distinct().Count(), Is.EqualTo(3));
        Assert.That(Checksum.Of(first, 0), Is.Not.EqualTo(Checksum.Of(first, 1)), "a chain");
    }

    [Test]
    public void The_checksum_of_a_known_row_never_changes() =>
        Assert.That(Checksum.Of(Row(5, EventKind.SignalReceived, 0, "approve", [.. "[\"ada\"]"u8], [.. "[3,1,\"\",null]\n\n{}\n"u8]), 0x1234567), Is.EqualTo(Known));

    private const int Known = -601593694;

    private static TestCaseData Case(string name, Action<List<EventRecord>> edit, string said) => new TestCaseData(edit, said).SetName(name);

    private static EventRecord Row(int seq, EventKind kind, int ordinal, string? target, byte[]? payload, byte[]? commands, int gen = 3, short encoding = 0, int crc = 0) => new()
    {
        RunId = Guid.Empty, Gen = gen, Seq = seq, Kind = (short)kind, At = default, Ordinal = ordinal, Target = target, Payload = payload, Commands = commands, Encoding = encoding, Namespace = "n", Shard = 0, Crc = crc,
    };

    private static EventRecord Edit(EventRecord row, int? seq = null, int? gen = null, short? kind = null, int? ordinal = null, string? target = "approve", short? encoding = null) =>
        Row(seq ?? row.Seq, (EventKind)(kind ?? row.Kind), ordinal ?? row.Ordinal, row.Target is null ? null : target, row.Payload, row.Commands, gen ?? row.Gen, encoding ?? row.Encoding, row.Crc);

    private static List<EventRecord> Rows()
    {
        var rows = new List<EventRecord>
        {
            Row(0, EventKind.RunStarted, 0, null, [.. "{\"seed\":1,\"input\":[]}"u8], [.. "[1,1,\"A.B\",null]\n\n{}\n"u8]),
            Row(1, EventKind.ActivityCompleted, 1, null, [.. "\"x\""u8], [.. "[3,2,\"\",null]\n\n{}\n"u8]),
            Row(2, EventKind.TimerFired, 2, null, null, null),
            Row(3, EventKind.SignalReceived, 0, "approve", [.. "[\"ada, and a text that is longer than a word\"]"u8], [.. "[20,3,\"\",null]\n\n{}\n"u8]),
        };
        var crc = 0;
        foreach (var row in rows) row.Crc = crc = Checksum.Of(row, crc);
        return rows;
    }
}
