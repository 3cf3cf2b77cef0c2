// The one text that is put together at run time: a list of runs by what the caller asks for. Values are parameters; only fixed words and numbers are joined.
using System.Globalization;
using System.Text;

namespace Durable.Storage.Sqlite;

/// <summary>Text and parameters of a run list.</summary>
internal static class RunQuerySql
{
    private const string Columns = """
        r.run_id as RunId, r.namespace as Namespace, r.workflow_id as WorkflowId, r.ordinal as Ordinal, r.shard as Shard, r.type as Type, r.version as Version, r.build as Build,
        r.status as Status, r.gen as Gen, r.first_gen as FirstGen, r.created_at as CreatedAt, r.closed_at as ClosedAt, r.deadline_at as DeadlineAt, r.encoding as Encoding, r.queue as Queue,
        r.priority as Priority, r.secret as Secret, r.input as Input, r.outcome as Outcome, r.attributes as Attributes, r.parent as Parent, r.actor as Actor, r.correlation as Correlation,
        r.trace as Trace
        """;

    /// <summary>A page, newest first: a walk down the key, because a UUIDv7 is its time.</summary>
    public static string List(RunQuery query) => $"select {Columns}\nfrom durable_run r\nwhere {Where(query, paged: true)}\norder by r.run_id desc limit @limit";

    public static string Count(RunQuery query) => $"select count(*)\nfrom durable_run r\nwhere {Where(query, paged: false)}";

    public static (string Name, object? Value)[] Parameters(RunQuery query) =>
    [
        ("ns", query.Namespace),
        ("limit", query.Limit),
        ("after", query.After?.ToByteArray(bigEndian: true)),
        ("type", query.Type),
        ("from", query.StartedFrom is { } from ? Micros.From(from) : null),
        ("before", query.StartedBefore is { } before ? Micros.From(before) : null),
        ("prefix", query.IdPrefix),
        ("waiting", query.WaitingFor),
    ];

    private static string Where(RunQuery query, bool paged)
    {
        var where = new StringBuilder("r.namespace = @ns");
        Add(paged && query.After is not null, "r.run_id < @after");
        Add(query.Type is not null, "r.type = @type");
        Add(query.Statuses.Count > 0, $"r.status in ({string.Join(", ", query.Statuses.Select(status => ((short)status).ToString(CultureInfo.InvariantCulture)))})");
        Add(query.StartedFrom is not null, "r.created_at >= @from");
        Add(query.StartedBefore is not null, "r.created_at < @before");
        Add(query.IdPrefix is not null, "substr(r.workflow_id, 1, length(@prefix)) = @prefix");
        Add(query.WaitingFor is not null, WaitsFor);
        return where.ToString();

        void Add(bool condition, string text)
        {
            if (condition)
                where.Append("\n    and ").Append(text);
        }
    }

    /// <summary>A wait reason is one object with <c>kind</c> and <c>target</c>, or a list of such objects; the tree of either holds the member where it stands.</summary>
    private const string WaitsFor = """
        exists (select 1 from durable_ready w, json_tree(w.wait_reason) j where w.run_id = r.run_id and w.sender = x'00000000000000000000000000000000' and w.sender_seq = 0
            and j.key in ('kind', 'target') and j.type = 'text' and j.value = @waiting and (j.path = '$' or j.path glob '$[[]*[]]'))
        """;
}
