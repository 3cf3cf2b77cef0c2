// What was delivered while its piece was moved from node to node is there afterwards, once (docs/decisions/0020).
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
[TestFixtureSource(typeof(GroupedPlaces), nameof(GroupedPlaces.All))]
public sealed class MovedPieceTests(string place)
{
    private const int Senders = 24, Rounds = 10;
    private readonly string schema = $"moved_{Guid.NewGuid().ToString("N")[..8]}";
    private string connectionString = "";
    private PostgresStore store = null!;

    [OneTimeSetUp]
    public async Task PrepareAsync()
    {
        (connectionString, var placement) = await GroupedPlaces.PrepareAsync(place, schema);
        store = new PostgresStore(new PostgresOptions { Schema = schema, WakeUps = false, Placement = placement, Variant = new PostgresVariant { Partitions = false } }, connectionString);
        await store.InitializeAsync();
    }

    [OneTimeTearDown]
    public async Task RemoveAsync()
    {
        await store.DisposeAsync();
        await PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade", connectionString);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_was_delivered_is_there_while_pieces_are_moved(bool settled)
    {
        var moves = place == GroupedPlaces.Citus ? MovedPieces.AllAsync(connectionString, schema, rounds: Rounds) : Task.FromResult(0);
        var senders = await Task.WhenAll(Enumerable.Range(0, Senders).Select(i => Task.Run(() => SendAsync(store.Groups[i % store.Groups.Count], settled, moves))));
        var (sent, lost, missing) = (senders.Sum(one => one.Sent), senders.Sum(one => one.Lost), senders.Sum(one => one.Missing));

        TestContext.Out.WriteLine($"settled {settled}: {sent} messages, {await moves} moves, {lost} lost, {missing} times missing when read back");
        Assert.That((lost, missing), Is.EqualTo((0, 0)));
        Assert.That(await moves, Is.EqualTo(place == GroupedPlaces.Citus ? Rounds * store.Groups.Count : 0));
    }

    // One sender, one message after the other; now and then all are read back: none may be missing.
    private async Task<(int Sent, int Lost, int Missing)> SendAsync(ShardGroup group, bool settled, Task<int> moves)
    {
        var (all, lost, missing) = (0, 0, 0);
        while (all < 20 || !moves.IsCompleted)
        {
            var run = Enumerable.Range(0, 1_000).Select(_ => Make.Run($"r{Guid.NewGuid():N}")).First(one => group.Shards!.Contains(one.Shard));
            await store.DeliverAsync(new Delivery([], [Make.Start(run)]) { Settled = settled });
            var sent = 0;
            while (sent < 20 || (sent < 300 && !moves.IsCompleted))
            {
                await store.DeliverAsync(new Delivery([Make.Message(run, 1, ++sent)], []) { Settled = settled });
                if (sent % 10 == 0 && await CountAsync(run) < sent) missing++;
            }

            all += sent;
            lost += sent - await CountAsync(run);
        }

        return (all, lost, missing);
    }

    private async Task<int> CountAsync(TestRun run) => (await store.LoadAsync(new LoadRequest([run.Id], MessagesOnly: true))).Sum(loaded => loaded.Messages.Count);
}
