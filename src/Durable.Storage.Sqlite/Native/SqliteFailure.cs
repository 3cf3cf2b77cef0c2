// A result code of SQLite that is not success, on its way to whoever decides what it means.
namespace Durable.Storage.Sqlite;

/// <summary>Thrown by statements; translated before it leaves the provider.</summary>
internal sealed class SqliteFailure(int extendedCode, string text, string statement) : Exception($"{statement}: {text} (SQLite {extendedCode})")
{
    public const int Perm = 3, Busy = 5, Locked = 6, NoMemory = 7, ReadOnly = 8, IoError = 10, Corrupt = 11, Full = 13, CannotOpen = 14, Schema = 17, TooBig = 18, Constraint = 19,
        Mismatch = 20, Range = 25, NotADatabase = 26;

    /// <summary>The code with its refinement.</summary>
    public int ExtendedCode { get; } = extendedCode;

    /// <summary>The code without its refinement.</summary>
    public int Code => ExtendedCode & 0xff;

    /// <summary>SQLite's words: names of tables and constraints, never values.</summary>
    public string Text { get; } = text;

    /// <summary>Somebody else holds the file; nothing happened.</summary>
    public bool IsBusy => Code is Busy or Locked;

    /// <summary>The rows are at fault: the same batch would fail again.</summary>
    public bool IsRows => Code is Constraint or TooBig or Mismatch or Range;

    /// <summary>The connection is not to be trusted any more.</summary>
    public bool IsBroken => Code is IoError or Corrupt or NotADatabase or CannotOpen or NoMemory;
}
