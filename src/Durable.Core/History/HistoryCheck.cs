// Is a stored history whole? Gap-free, in order, with the checksums it was written with.
using Durable.Storage;

namespace Durable.Engine.History;

/// <summary>Checks a history when it is loaded or imported. A broken one is held, never guessed at.</summary>
internal static class HistoryCheck
{
    /// <summary>What is wrong with the rows of one generation, or null.</summary>
    public static string? Fault(IReadOnlyList<EventRecord> rows, int gen)
    {
        var crc = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            if (row.Gen != gen) return $"Row {i} belongs to generation {row.Gen}; {gen} was expected. The history was edited or restored in part: restore it, or terminate the run.";
            if (row.Seq != i) return $"Row {i} is missing (the next one found is {row.Seq}). The history was edited or restored in part: restore it, or terminate the run.";
            if (i == 0 && row.Kind != (short)EventKind.RunStarted && !EventKinds.IsAdministrative(row.Kind)) return $"The first row is {(EventKind)row.Kind}; RunStarted was expected.";
            crc = Checksum.Of(row, crc);
            if (crc != row.Crc) return $"Row {i} ({(EventKind)row.Kind}) has checksum {row.Crc:x8}; {crc:x8} was expected. The row was changed after it was written: restore it, or terminate the run.";
        }

        return null;
    }
}
