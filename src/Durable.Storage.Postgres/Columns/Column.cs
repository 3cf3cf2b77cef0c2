// One array parameter: a list that is filled, sent and cleared again, so that a busy lane makes no garbage for it (CEILING 3.15).
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>A column of a set, whatever its type.</summary>
internal abstract class Column
{
    /// <summary>The parameter to add to a command, once.</summary>
    public abstract NpgsqlParameter Parameter { get; }

    /// <summary>Forgets all rows.</summary>
    public abstract void Clear();

    /// <summary>Tells the parameter that its list was filled anew.</summary>
    public abstract void Refresh();
}

/// <summary>A column of <typeparamref name="T"/>.</summary>
/// <param name="type">The element type of the array.</param>
internal sealed class Column<T>(NpgsqlDbType type) : Column
{
    private readonly NpgsqlParameter<List<T>> parameter = new() { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = [] };

    /// <inheritdoc/>
    public override NpgsqlParameter Parameter => parameter;

    private List<T> Rows => parameter.TypedValue!;

    /// <summary>Adds a row.</summary>
    public void Add(T value) => Rows.Add(value);

    /// <summary>Reads or replaces a row.</summary>
    public T this[int row]
    {
        get => Rows[row];
        set => Rows[row] = value;
    }

    /// <inheritdoc/>
    public override void Clear() => Rows.Clear();

    /// <inheritdoc/>
    public override void Refresh() => parameter.TypedValue = Rows;
}
