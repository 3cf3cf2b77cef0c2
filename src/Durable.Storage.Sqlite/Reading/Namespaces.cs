// The namespaces that have rows of one kind in `ready`.
namespace Durable.Storage.Sqlite;

/// <summary>Walks an index from namespace to namespace, one seek each: a look costs what the namespaces are, not what the rows are.</summary>
internal static class Namespaces
{
    /// <summary>More namespaces than these are not looked at in one round.</summary>
    private const int Most = 10_000;

    /// <param name="session">The connection.</param>
    /// <param name="next">A statement that answers the first namespace at or after its last parameter.</param>
    /// <param name="queue">Its first parameter, if it has two.</param>
    public static List<string> Of(Session session, Sql next, string? queue = null)
    {
        var found = new List<string>();
        for (var from = ""; found.Count < Most; from = found[^1] + '\0')
        {
            var row = queue is null ? session[next].Bind(from) : session[next].Bind(queue).Bind(from);
            if (!row.Read())
                break;
            found.Add(row.Text(0));
            row.Reset();
        }
        return found;
    }
}
