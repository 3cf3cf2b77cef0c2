// When a lane leaves what it finds to others, and when not.
using Durable.Core.Tests.Kit;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Worker;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class BalanceTests
{
    private static readonly LaneKey Own = new(1, ShardGroup.Whole, Guid.NewGuid(), "a");
    private static readonly Guid[] Found = [.. Enumerable.Range(0, 50).Select(_ => Guid.NewGuid())];
    private ManualTime clock = null!;
    private EngineServices services = null!;
    private LaneBalance balance = null!;

    [SetUp]
    public void SetUp()
    {
        clock = new ManualTime();
        services = new EngineServices(new InMemoryStore(clock), new WorkflowRegistry([], []), new PayloadSerializer(null, 64, 1_000_000, null), new DurableOptions(), clock);
        balance = new LaneBalance(services);
    }

    [TearDown]
    public async Task TearDown()
    {
        await services.DisposeAsync();
        await services.Store.DisposeAsync();
    }

    [Test]
    public void Hosts_that_were_idle_when_they_compared_leave_nothing_to_each_other()
    {
        Assert.That(See(0, 0), Is.Zero);
        foreach (var owned in new[] { 0, 10, 500, 1_900 }) Assert.That(balance.Choose(Found, owned, whole: true), Is.EqualTo(Found), $"{owned} owned");
    }

    [Test]
    public void A_host_above_its_share_lets_others_have_the_first_pick_until_it_is_down_to_it()
    {
        Assert.That(See(1_000, 0), Is.EqualTo(500));
        Assert.That(balance.Choose(Found, 900, whole: true), Is.Empty);
        clock.Advance(balance.Patience);
        Assert.That(balance.Choose(Found, 900, whole: true), Is.EqualTo(Found), "nobody wanted them");
        Assert.That(balance.Choose(Found, 550, whole: true), Is.EqualTo(Found), "it has its share and a little more");
    }

    [Test]
    public void A_host_whose_offers_nobody_takes_stops_offering()
    {
        See(1_000, 0);
        balance.Choose(Found, 1_000, whole: true);
        clock.Advance(balance.Patience);
        balance.Choose(Found, 1_000, whole: true);
        Assert.That(See(1_000, 0), Is.Zero);
        Assert.That(balance.Choose(Found, 1_000, whole: true), Is.EqualTo(Found));
    }

    private int See(int own, int other) => balance.Seen(Own, own, [Row(Own.LaneId, "a", own), Row(2, "b", other)]);

    private LaneRow Row(long lane, string identity, int owned) => new(lane, identity, "build", [], clock.GetUtcNow().AddSeconds(20), true, owned);
}
