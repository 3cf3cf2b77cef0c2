// A prepared SQLite statement with nothing around it: texts come as UTF-8, ids as bytes.
using SQLitePCL;
using static SQLitePCL.raw;

namespace Durable.Bench;

/// <summary>Bound by position, then run.</summary>
internal sealed class RawStatement : IDisposable
{
    private readonly sqlite3 db;
    private readonly sqlite3_stmt handle;
    private int next = 1;

    /// <param name="db">The connection.</param>
    /// <param name="text">The provider's text.</param>
    /// <param name="parameters">How many parameters the raw protocol binds: if the provider's text has others by now, this is out of step.</param>
    public RawStatement(sqlite3 db, string text, int parameters)
    {
        this.db = db;
        if (sqlite3_prepare_v2(db, text, out handle) != SQLITE_OK) throw new InvalidOperationException(sqlite3_errmsg(db).utf8_to_string());
        if (sqlite3_bind_parameter_count(handle) != parameters)
            throw new InvalidOperationException($"The raw protocol binds {parameters} parameters where the provider has {sqlite3_bind_parameter_count(handle)}: {text}");
    }

    public RawStatement Bind(long value)
    {
        Check(sqlite3_bind_int64(handle, next++, value));
        return this;
    }

    public RawStatement Blob(byte[]? value)
    {
        Check(value is null ? sqlite3_bind_null(handle, next++) : sqlite3_bind_blob(handle, next++, value));
        return this;
    }

    public RawStatement Blob(ReadOnlySpan<byte> value)
    {
        Check(sqlite3_bind_blob(handle, next++, value));
        return this;
    }

    /// <summary>A text as UTF-8; null for null.</summary>
    public RawStatement Text(byte[]? value)
    {
        Check(value is null ? sqlite3_bind_null(handle, next++) : value.Length == 0 ? sqlite3_bind_text(handle, next++, utf8z.FromSpan("\0"u8)) : sqlite3_bind_text(handle, next++, value.AsSpan()));
        return this;
    }

    public RawStatement Null()
    {
        Check(sqlite3_bind_null(handle, next++));
        return this;
    }

    /// <summary>Runs it; it must change exactly one row where <paramref name="changes"/> says so.</summary>
    public void Run(int changes = -1)
    {
        var rc = sqlite3_step(handle);
        if (rc != SQLITE_DONE) throw new InvalidOperationException(sqlite3_errmsg(db).utf8_to_string());
        _ = sqlite3_reset(handle);
        next = 1;
        if (changes >= 0 && sqlite3_changes(db) != changes) throw new InvalidOperationException($"{sqlite3_changes(db)} rows changed, {changes} should have.");
    }

    public void Dispose() => handle.Dispose();

    private void Check(int rc)
    {
        if (rc != SQLITE_OK) throw new InvalidOperationException(sqlite3_errmsg(db).utf8_to_string());
    }
}
