// A number that only rises, inside the database and in a small file beside it. A database that is behind it was written over by an older copy of itself: its place is the same, its time is not (decision 26).
using System.Globalization;

namespace Durable.Storage.Sqlite;

/// <summary>The marks of one database file.</summary>
/// <remarks>The one beside is written last and read first, so that it is never ahead of a file that nobody has put back; it is not forced to the disk, because behind is harmless.</remarks>
internal sealed class FileMark(string databasePath, Guid installation, bool fullSync)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private readonly string path = databasePath + "-durable.mark";
    private DateTimeOffset next = DateTimeOffset.MinValue;

    /// <summary>True once the database was found where it belongs: before that nothing is marked, lest the mark of what was put back rises above the one that tells it.</summary>
    public bool IsHere { get; set; }

    /// <summary>The mark beside the database; 0 if there is none, or another database's.</summary>
    public long Beside
    {
        get
        {
            try
            {
                return File.Exists(path) && File.ReadAllText(path).Split(' ') is [var id, var text, ..] && Guid.TryParse(id, out var whose) && whose == installation
                    && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mark) ? mark : 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return 0;       // it is being written; whoever writes it has the database where it belongs
            }
        }
    }

    /// <summary>True if it is time to mark while the database is in use. Only where commits wait for the disk: else a loss of power would put the database behind its mark.</summary>
    public bool IsDue(DateTimeOffset now)
    {
        if (!IsHere || !fullSync || now < next)
            return false;
        next = now + Every;
        return true;
    }

    /// <summary>Raises the mark in the database. The content of one transaction.</summary>
    /// <returns>The mark, for <see cref="Write"/> when the transaction is durable; 0 if the database is not where it belongs.</returns>
    public long Raise(Session session)
    {
        var (place, here) = (Acceptance.PlaceOf(session), FilePlace.Describe(databasePath));
        if (!FilePlace.IsSame(place, here))
            return 0;
        var mark = Math.Max(FilePlace.MarkOf(place) ?? 0, Beside) + 1;
        session[SqlText.MarkPlace].Bind(FilePlace.WithMark(place, mark)).Run();
        return mark;
    }

    /// <summary>Writes the mark beside the database, behind the commit.</summary>
    public void Write(long mark)
    {
        if (mark == 0)
            return;
        try
        {
            File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{installation:D} {mark} a mark of {Path.GetFileName(databasePath)}: if the database is behind it, it was put back\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            next = DateTimeOffset.MinValue;       // the disk is full, or another process is writing it: the next round writes a higher one
        }
    }
}
