// What is particular to the in-memory store; everything else is the conformance suite's.
using Durable.Storage;
using Durable.Storage.Contract;

namespace Durable.Core.Tests.Storage;

[TestFixture]
public sealed class InMemoryStoreTests
{
    [Test]
    public async Task It_is_one_group_at_its_own_place()
    {
        await using var store = new InMemoryStore(new ManualClock());
        var info = await store.InitializeAsync();
        Assert.That(store.Groups, Is.EqualTo(new[] { ShardGroup.Whole }));
        Assert.That((info.PlaceChanged, info.ShardModulus), Is.EqualTo((false, 128)));
        Assert.That((await store.InitializeAsync()).InstallationId, Is.EqualTo(info.InstallationId));
    }

    [Test]
    public async Task What_a_caller_does_to_an_event_afterwards_is_not_stored()
    {
        await using var store = new InMemoryStore(new ManualClock());
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        var row = Make.Event(run, 1);
        await lane.Batch().Event(row).CommitAsync();
        row.Crc = 99;
        (await store.ReadEventsAsync(run.Id, 0, 1, 1))[0].Crc = 98;
        Assert.That((await store.ReadEventsAsync(run.Id, 0, 1, 1))[0].Crc, Is.Zero);
    }
}
