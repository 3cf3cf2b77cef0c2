// Typed array parameters, filled row by row in the order in which they were declared.
using Npgsql;
using NpgsqlTypes;

namespace Durable.Bench;

/// <summary>The parameters of one <c>unnest</c>.</summary>
internal sealed class RawColumns
{
    private readonly List<(System.Collections.IList Values, NpgsqlParameter Parameter, Action Refresh)> columns = [];
    private int next;

    public int Count { get; private set; }

    /// <summary>Declares the next column.</summary>
    public RawColumns Add<T>(NpgsqlDbType type)
    {
        var values = new List<T>();
        var parameter = new NpgsqlParameter<List<T>> { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = values };
        columns.Add((values, parameter, () => parameter.TypedValue = values));
        return this;
    }

    public void AttachTo(NpgsqlBatchCommand command)
    {
        foreach (var (_, parameter, _) in columns) command.Parameters.Add(parameter);
    }

    /// <summary>Begins a row.</summary>
    public RawColumns Row()
    {
        Count++;
        next = 0;
        return this;
    }

    /// <summary>The row's next value.</summary>
    public RawColumns Next<T>(T value)
    {
        ((List<T>)columns[next++].Values).Add(value);
        return this;
    }

    public void Clear()
    {
        foreach (var (values, _, _) in columns) values.Clear();
        Count = 0;
    }

    /// <summary>Tells the driver that the lists were filled anew.</summary>
    public void Refresh()
    {
        foreach (var (_, _, refresh) in columns) refresh();
    }
}
