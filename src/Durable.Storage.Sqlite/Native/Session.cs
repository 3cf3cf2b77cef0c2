// One connection with its prepared statements.
using Microsoft.Data.Sqlite;
using SQLitePCL;
using static SQLitePCL.raw;

namespace Durable.Storage.Sqlite;

/// <summary>A connection used by one thread at a time.</summary>
internal sealed class Session : IDisposable
{
    private readonly Statement?[] statements = new Statement?[Sql.MaxCount];
    private readonly bool owned;

    private Session(SqliteConnection connection, bool owned)
    {
        Connection = connection;
        this.owned = owned;
        Handle = connection.Handle ?? throw new InvalidOperationException("The connection is not open.");
    }

    /// <summary>The ADO.NET face, for the catalog.</summary>
    public SqliteConnection Connection { get; }

    public sqlite3 Handle { get; }

    /// <summary>True between a begin and its commit or rollback.</summary>
    public bool InTransaction => sqlite3_get_autocommit(Handle) == 0;

    /// <summary>The name that SQLite itself has for the file.</summary>
    public string FileName => sqlite3_db_filename(Handle, "main").utf8_to_string() ?? "";

    /// <summary>The prepared statement, made at its first use.</summary>
    public Statement this[Sql sql] => statements[sql.Index] ??= Statement.Prepare(Handle, sql);

    /// <summary>Opens a connection of our own. No pool and no waiting of the driver's: we retry ourselves.</summary>
    public static Session Open(string path, bool create)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            return new(connection, owned: true);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new SqliteFailure(e.SqliteExtendedErrorCode, e.Message, "open");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Statements on a connection of the user's, which stays open when this is disposed.</summary>
    public static Session Borrow(SqliteConnection connection) => new(connection, owned: false);

    /// <summary>Runs statements that are not worth keeping.</summary>
    public void Execute(string sql)
    {
        var rc = sqlite3_exec(Handle, sql);
        if (rc != SQLITE_OK)
            throw Statement.Failure(Handle, rc, sql.Length < 60 ? sql : "script");
    }

    /// <summary>The first column of the first row as text.</summary>
    public string? Scalar(string sql)
    {
        using var statement = Statement.Prepare(Handle, Sql.Once(sql));
        return statement.Read() ? statement.TextOrNull(0) : null;
    }

    public void Dispose()
    {
        foreach (var statement in statements)
            statement?.Dispose();
        if (owned)
            Connection.Dispose();
    }
}
