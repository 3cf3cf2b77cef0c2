// Rows are the same by Dapper and without it: programs without dynamic code read the second way.
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Durable.Storage.Sqlite.Tests;

[TestFixture]
public sealed class NamedRowsTests
{
    private const string Select = """
        select x'0102' as RunId, 'ns' as Namespace, @id as WorkflowId, 3 as Ordinal, 7 as Shard, 'T' as Type, 2 as Version, 'b' as Build, 10 as Status, 1 as Gen, 0 as FirstGen, 1234567890123 as CreatedAt,
            99 as ClosedAt, null as DeadlineAt, 0 as Encoding, '' as Queue, 5 as Priority, x'' as Secret, null as Input, x'ff' as Outcome, null as Attributes, null as Parent, 'me' as Actor, null as Correlation, null as Trace
        union all select x'03', '', '', 0, 0, '', 0, '', 0, 0, 0, 0, null, 5, 1, 'q', 0, x'01', x'02', null, '{}', x'04', null, 'c', 't'
        """;

    [Test]
    public void Dapper_and_the_plain_way_give_equal_rows()
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        var byDapper = NamedRows.Query<RunRow>(connection, Select, ("id", "w-1"), ("unused", null));
        var plain = NamedRows.Plain<RunRow>(connection, Select, [("id", "w-1"), ("unused", null)]);
        Assert.That(plain.Select(row => JsonSerializer.Serialize(row)), Is.EqualTo(byDapper.Select(row => JsonSerializer.Serialize(row))));
        Assert.That((plain.Count, plain[0].WorkflowId, plain[0].ClosedAt, plain[1].ClosedAt), Is.EqualTo((2, "w-1", (long?)99, (long?)null)));
        Assert.That(NamedRows.First<RunRow>(connection, Select + " limit 0", ("id", "w-1")), Is.Null);
        Assert.That(NamedRows.Number(connection, "select count(*) from (" + Select + ")", ("id", "w-1")), Is.EqualTo(2));
    }
}
