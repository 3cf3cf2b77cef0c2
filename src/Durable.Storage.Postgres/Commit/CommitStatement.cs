// One statement of a lane's batches.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>What a statement answers.</summary>
internal enum CommitResultKind
{
    /// <summary>Nothing that matters.</summary>
    None,

    /// <summary>No rows, but as many must have changed as were sent (C8).</summary>
    Counted,

    /// <summary>Rows that nobody needs.</summary>
    Ignored,

    /// <summary>The runs that were started.</summary>
    Starts,

    /// <summary>The runs that were claimed.</summary>
    Claims,
}

/// <summary>A command with the columns that fill it.</summary>
/// <param name="name">Its file in <c>Sql/</c>.</param>
/// <param name="kind">What it answers.</param>
/// <param name="command">The command.</param>
/// <param name="returning">True: it answers rows, whatever its kind.</param>
internal sealed class CommitStatement(string name, CommitResultKind kind, NpgsqlBatchCommand command, bool returning = false)
{
    private readonly List<ColumnSet> sets = [];

    /// <summary>Its file in <c>Sql/</c>.</summary>
    public string Name { get; } = name;

    /// <summary>What it answers.</summary>
    public CommitResultKind Kind { get; } = kind;

    /// <summary>True if there is a result to be read, or passed over.</summary>
    public bool HasRows { get; } = returning || kind is not (CommitResultKind.None or CommitResultKind.Counted);

    /// <summary>The command.</summary>
    public NpgsqlBatchCommand Command { get; } = command;

    /// <summary>Rows sent.</summary>
    public int Rows { get; private set; }

    /// <summary>Adds a set's parameters behind those it has.</summary>
    public void Attach(ColumnSet set)
    {
        sets.Add(set);
        set.AttachTo(Command);
    }

    /// <summary>To be called before each execution.</summary>
    public void Refresh(int rows)
    {
        Rows = rows;
        foreach (var set in sets) set.Refresh();
    }
}
