// Several lanes that fence, abandon and reap each other, with senders beside them; afterwards every history is checked. The lanes behave as the engine's do:
// they load what they claimed, append an event for each message, drop what they have seen (D5), and believe only what a commit or a read-back told them.
using System.Collections.Concurrent;

namespace Durable.Storage.Contract;

/// <summary>One storm over a handful of runs.</summary>
public sealed class Storm(IDurableStore store, int seed)
{
    private const int Lanes = 3;
    private const int Senders = 2;
    private static readonly TimeSpan Lease = TimeSpan.FromHours(1);

    private readonly List<TestRun> runs = [.. Enumerable.Range(0, 6).Select(i => Make.Run($"storm-{i}"))];
    private readonly ConcurrentBag<MessageKey> accepted = [];
    private int identities;

    public async Task RunAsync(int rounds)
    {
        await store.DeliverAsync(new([], [.. runs.Select(run => Make.Start(run))]));
        var lanes = Enumerable.Range(0, Lanes).Select(i => Task.Run(() => LiveAsync(i, rounds)));
        var senders = Enumerable.Range(0, Senders).Select(i => Task.Run(() => SendAsync(i, rounds)));
        await Task.WhenAll(lanes.Concat(senders));
        await DrainAsync();
        await CheckAsync();
    }

    /// <summary>One sender: each message after the one before it was accepted, now and then the same once more.</summary>
    private async Task SendAsync(int number, int rounds)
    {
        var random = new Random(seed + number);
        for (var seq = 1; seq <= rounds * 2; seq++)
        {
            var message = Make.Message(runs[random.Next(runs.Count)], 1_000 + number, seq);
            for (var times = random.Next(5) == 0 ? 2 : 1; times > 0; times--)
                await Patient.DoAsync(() => store.DeliverAsync(new([message], [])));
            accepted.Add(message.Key);
        }
    }

    /// <summary>One lane after the other under one name, or under a rival's.</summary>
    private async Task LiveAsync(int number, int rounds)
    {
        var random = new Random(seed * 31 + number);
        var lane = await OpenAsync($"storm-{number}", takeover: true);
        var owned = lane.Opened.Owned.Select(run => run.RunId).ToHashSet();
        for (var round = 0; round < rounds; round++)
        {
            switch (random.Next(20))
            {
                case 0:
                    await Patient.DoAsync(async () => { await lane.CloseAsync(); return true; });
                    (lane, owned) = await ReopenAsync(NewIdentity(), takeover: false);
                    break;
                case 1:
                    // Leaves its own lane as a crash does, and takes the name of any that lives or was left so.
                    var living = await Patient.DoAsync(() => store.ReadLanesAsync());
                    (lane, owned) = await ReopenAsync(living.Count == 0 ? NewIdentity() : living[random.Next(living.Count)].Identity, takeover: true);
                    break;
                case 2:
                    await Patient.DoAsync(() => lane.ReapAsync());
                    break;
            }
            if (await TurnAsync(lane, owned, random, park: true))
                continue;
            // Refused: a read-back without takeover tells whether the lane is lost (O3).
            if (await Patient.DoAsync(lane.ReadBackAsync) is { } back)
                owned = [.. back.Owned.Select(run => run.RunId)];
            else
                (lane, owned) = await ReopenAsync(NewIdentity(), takeover: false);
        }
        await Patient.DoAsync(async () => { await lane.CloseAsync(); return true; });
    }

    /// <summary>Looks, claims, loads, applies mail, parks some. False if a batch was refused.</summary>
    private async Task<bool> TurnAsync(TestLane lane, HashSet<Guid> owned, Random random, bool park)
    {
        var look = await Patient.DoAsync(() => lane.LookAsync());
        var claims = lane.Batch();
        claims.Rows.Claims.AddRange(look.Claimable.Take(3));
        if (await CommitAsync(claims) is not { } claimed)
            return false;
        owned.UnionWith(claimed.Claimed.Select(run => run.RunId));

        var mail = claimed.Claimed.Select(run => run.RunId).Concat(look.Mail.Where(owned.Contains)).Distinct().ToList();
        var turn = lane.Batch();
        var parked = new List<Guid>();
        foreach (var loaded in await Patient.DoAsync(() => store.LoadAsync(new(mail))))
        {
            var run = runs.Single(run => run.Id == loaded.RunId);
            var next = Apply(turn, run, loaded, random);
            if (!park || random.Next(2) == 0)
                continue;
            turn.Park(Make.Park(run, next, asap: random.Next(4) == 0));
            parked.Add(run.Id);
        }
        if (await CommitAsync(turn) is null)
            return false;
        owned.ExceptWith(parked);
        return true;
    }

    /// <summary>An event for each message that is not in the history, and now and then a message to another run.</summary>
    private int Apply(BatchBuilder turn, TestRun run, LoadedRun loaded, Random random)
    {
        var seen = loaded.Events.Select(row => (row.Sender, row.SenderSeq)).ToHashSet();
        var next = loaded.Events.Count;
        foreach (var message in loaded.Messages)
        {
            if (!seen.Add((message.Sender, message.SenderSeq)))
            {
                turn.Drop(message);
                continue;
            }
            turn.Consume(run, message, next++);
        }
        if (next > loaded.Events.Count && random.Next(3) == 0)
        {
            var target = runs[random.Next(runs.Count)];
            turn.Send(new MessageRecord { RunId = target.Id, Sender = run.Id, SenderSeq = next, Kind = 1, Namespace = target.Namespace, Shard = target.Shard });
        }
        return next;
    }

    private async Task<CommitResult?> CommitAsync(BatchBuilder batch)
    {
        var result = await Patient.SendAsync(() => batch.TryCommitAsync());
        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Committed).Or.EqualTo(CommitOutcome.Refused), result.Error);
        if (result.Outcome == CommitOutcome.Refused)
            return null;
        Assert.That(result.Error, Is.Null, "counts fit");
        foreach (var sent in batch.Rows.Sends)
            accepted.Add(sent.Key);
        return result;
    }

    private async Task DrainAsync()
    {
        foreach (var left in await store.ReadLanesAsync())
            await (await OpenAsync(left.Identity, takeover: true)).CloseAsync();
        var lane = await OpenAsync("drain", takeover: false);
        while ((await lane.ReapAsync()).Released > 0)
            Assert.That((await lane.LookAsync()).Claimable, Is.Not.Empty);

        var owned = new HashSet<Guid>();
        var random = new Random(seed);
        for (var more = true; more;)
        {
            Assert.That(await TurnAsync(lane, owned, random, park: false), Is.True);
            var look = await lane.LookAsync();
            more = look.Claimable.Count > 0 || look.Mail.Count > 0;
        }
    }

    private async Task CheckAsync()
    {
        var byRun = accepted.Distinct().ToLookup(key => key.RunId, key => (key.Sender, key.SenderSeq));
        foreach (var run in runs)
        {
            var events = await store.ReadEventsAsync(run.Id, 0, 0, 100_000);
            Assert.That(events.Select(row => row.Seq), Is.EqualTo(Enumerable.Range(0, events.Count)), $"{run.WorkflowId}: no gaps");
            var consumed = events.Select(row => (row.Sender, row.SenderSeq)).ToList();
            Assert.That(consumed, Is.EquivalentTo(byRun[run.Id]), $"{run.WorkflowId}: every accepted message once");
            foreach (var sender in consumed.GroupBy(key => key.Sender))
                Assert.That(sender.Select(key => key.SenderSeq), Is.Ordered, $"{run.WorkflowId}: one sender's messages in order");
            var place = await store.ReadPlacementAsync(run.Id);
            Assert.That(place.Owner is null ? place.Wake is not null : place.Wake is null && place.Owner == "drain", Is.True, $"{run.WorkflowId}: exactly one token");
            Assert.That(place.Messages, Is.Zero, $"{run.WorkflowId}: nothing waits");
        }
    }

    private Task<TestLane> OpenAsync(string identity, bool takeover) => Patient.DoAsync(() => TestLane.OpenAsync(store, identity, takeover, Lease));

    private async Task<(TestLane Lane, HashSet<Guid> Owned)> ReopenAsync(string identity, bool takeover)
    {
        var lane = await OpenAsync(identity, takeover);
        return (lane, [.. lane.Opened.Owned.Select(run => run.RunId)]);
    }

    private string NewIdentity() => $"storm-extra-{Interlocked.Increment(ref identities)}";
}
