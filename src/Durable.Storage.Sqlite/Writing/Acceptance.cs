// A restored or copied file is accepted where it is now (DECISIONS 9), and named leases. Each method that writes is the content of one transaction.
namespace Durable.Storage.Sqlite;

/// <summary>What follows from accepting a place.</summary>
internal static class Acceptance
{
    /// <summary>The place that the file was last accepted at.</summary>
    public static string PlaceOf(Session session)
    {
        var schema = session[SqlText.ReadSchema];
        schema.Read();
        var place = schema.Text(4);
        schema.Reset();
        return place;
    }

    /// <summary>Records the place. To hold all runs, every lane is fenced and gives its runs back first: nothing that the copy says about owners is true here.</summary>
    /// <returns>The mark that it has now.</returns>
    public static long Accept(Session session, RestoredStorePolicy policy, string place, long beside, DateTimeOffset clock)
    {
        if (policy == RestoredStorePolicy.HoldAllRuns)
        {
            session[SqlText.FenceAllLanes].Run();
            foreach (var lane in RowReader.All(session[SqlText.DeadOwners], row => row.Int64(0)))
                LaneVerbs.Release(session, lane, int.MaxValue, clock);
            session[SqlText.HoldAllWakes].Run();
            session[SqlText.HoldAllRuns].Run();
            session[SqlText.HoldAllTasks].Run();
        }
        var mark = Math.Max(FilePlace.MarkOf(PlaceOf(session)) ?? 0, beside) + 1;
        session[SqlText.AcceptPlace].Bind(FilePlace.WithMark(place, mark)).Bind(clock).Bind(policy.ToString()).Run();
        return mark;
    }
}

/// <summary>Named leases (P3).</summary>
internal static class Leases
{
    /// <summary>Takes or renews a lease.</summary>
    /// <returns>Its epoch, or null: somebody else holds it.</returns>
    public static long? Take(Session session, string name, Guid holder, TimeSpan length, DateTimeOffset clock)
    {
        var now = Micros.From(clock);
        var row = session[SqlText.TakeLease].Bind(name).Bind(holder).Bind(now + Micros.From(length)).Bind(now);
        if (!row.Read())
            return null;
        var epoch = row.Int64(0);
        row.Reset();
        return epoch;
    }

    /// <summary>Takes, renews and gives back slots (P4). The file has one writer, so what is free stays free until it is taken.</summary>
    public static int TakeSlots(Session session, SlotRequest request, DateTimeOffset clock)
    {
        var now = Micros.From(clock);
        var (mine, free) = (new List<string>(), new List<string>());
        for (var i = 0; i < request.Limit; i++)
        {
            var name = request.LeaseOf(i);
            var row = session[SqlText.FindSlot].Bind(name);
            var found = row.Read();
            if (found && row.Id(0) == request.Holder)
            {
                if (row.Int32(2) <= request.Sequence)
                    mine.Add(name);
            }
            else if (!found || row.Int64(1) <= now)
                free.Add(name);
            if (found)
                row.Reset();
        }
        foreach (var name in mine.Skip(request.Units))
            session[SqlText.GiveSlot].Bind(name).Bind(request.Holder).Run();
        List<string> kept = [.. mine.Take(request.Units), .. free.Take(Math.Max(0, request.Units - mine.Count))];
        foreach (var name in kept)
            session[SqlText.TakeSlot].Bind(name).Bind(request.Holder).Bind(now + Micros.From(request.Length)).Bind(request.Sequence).Run();
        return kept.Count;
    }
}
