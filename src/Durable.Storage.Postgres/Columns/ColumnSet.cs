// Rows on their way into unnest($1, $2, …): one array per column, in the order in which the statements name them.
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Base of the sets of columns.</summary>
internal abstract class ColumnSet
{
    private readonly List<Column> columns = [];

    /// <summary>How many rows it holds.</summary>
    public int Count { get; protected set; }

    /// <summary>Forgets all rows.</summary>
    public virtual void Clear()
    {
        foreach (var column in columns) column.Clear();
        Count = 0;
    }

    /// <summary>Adds the parameters to a command. A set belongs to one command.</summary>
    public void AttachTo(NpgsqlBatchCommand command)
    {
        foreach (var column in columns) command.Parameters.Add(column.Parameter);
    }

    /// <summary>To be called before each execution.</summary>
    public void Refresh()
    {
        foreach (var column in columns) column.Refresh();
    }

    /// <summary>Declares the next column.</summary>
    protected Column<T> Next<T>(NpgsqlDbType type)
    {
        var column = new Column<T>(type);
        columns.Add(column);
        return column;
    }

    /// <summary>A time as the driver takes it.</summary>
    protected static DateTimeOffset? Utc(DateTimeOffset? time) => time?.ToUniversalTime();
}
