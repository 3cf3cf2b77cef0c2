// The namespaces that have rows of one kind in `ready`.
namespace Durable.Storage.Sqlite;

/// <summary>Walks an index from namespace to namespace, one seek each: a look costs what the namespaces are, not what the rows are.</summary>
internal static class Namespaces
{
    /// <summary>More namespaces than these are not looked at in one round.</summary>
    private const int Most = 10_000;

    /// <param name="session">The connection.</param>
    /// <param name="next">A statement that answers the first namespace at or after its parameter.</param>
    public static List<string> Of(Session session, Sql next)
    {
        var found = new List<string>();
        for (var from = ""; found.Count < Most; from = found[^1] + '\0')
        {
            var row = session[next].Bind(from);
            if (!row.Read())
                break;
            found.Add(row.Text(0));
            row.Reset();
        }
        return found;
    }
}
