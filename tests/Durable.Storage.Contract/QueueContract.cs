// Obligations S90 to S94 (protocol K1, P3, P4) of docs/storage-provider.md: turns between queues and tenants, bounds of a claim, slots of the whole cluster.
namespace Durable.Storage.Contract;

/// <summary>What keeps queues fair and limited.</summary>
public abstract class QueueContract : StoreContract
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly Guid first = Guid.NewGuid();
    private readonly Guid second = Guid.NewGuid();

    [Test]
    public async Task K1_The_backlog_of_one_tenant_does_not_hide_the_tasks_of_others()
    {
        var now = await NowAsync();
        await TasksAsync("big", "", 2_500, now.AddHours(-2));
        await TasksAsync("small-1", "", 2, now.AddMinutes(-1));
        await TasksAsync("small-2", "", 1, now.AddMinutes(-2));

        var tasks = (await ClaimAsync([""], limit: 6)).Tasks;
        Assert.That(tasks.Select(task => task.Namespace).Order(), Is.EqualTo(new[] { "big", "big", "big", "small-1", "small-1", "small-2" }));
        Assert.That((await ClaimAsync([""], limit: 6)).Tasks.Select(task => task.Namespace), Has.All.EqualTo("big"));
    }

    [Test]
    public async Task K1_Priority_of_one_tenant_does_not_hide_the_tasks_of_others()
    {
        var now = await NowAsync();
        await TasksAsync("big", "", 20, now.AddHours(-2), priority: 9);
        await TasksAsync("small", "", 1, now);
        Assert.That((await ClaimAsync([""], limit: 2)).Tasks.Select(task => task.Namespace), Is.EquivalentTo(new[] { "big", "small" }));
    }

    [Test]
    public async Task K1_The_backlog_of_one_queue_does_not_hide_the_other_queues()
    {
        var now = await NowAsync();
        await TasksAsync("default", "slow", 1_200, now.AddHours(-2));
        await TasksAsync("default", "quick", 3, now);
        var tasks = (await ClaimAsync(["slow", "quick"], limit: 8)).Tasks;
        Assert.That((tasks.Count(task => task.Queue == "slow"), tasks.Count(task => task.Queue == "quick")), Is.EqualTo((5, 3)));
    }

    [Test]
    public async Task K1_A_claim_stays_inside_the_served_namespaces_also_in_turns()
    {
        var now = await NowAsync();
        await TasksAsync("acme", "", 3, now);
        await TasksAsync("globex", "", 3, now);
        await TasksAsync("initech", "", 3, now);
        var tasks = (await ClaimAsync([""], limit: 4, namespaces: ["globex", "initech", "nobody"])).Tasks;
        Assert.That((tasks.Count(task => task.Namespace == "globex"), tasks.Count(task => task.Namespace == "initech")), Is.EqualTo((2, 2)));
    }

    [Test]
    public async Task K1_No_more_of_a_queue_are_taken_than_the_claim_allows_and_the_rest_is_reported_as_held()
    {
        var now = await NowAsync();
        await TasksAsync("default", "few", 5, now.AddHours(-1));
        await TasksAsync("default", "many", 5, now);
        var claimed = await ClaimAsync(["few", "many"], limit: 100, most: new() { ["few"] = 2 });
        Assert.That((claimed.Tasks.Count(task => task.Queue == "few"), claimed.Tasks.Count(task => task.Queue == "many")), Is.EqualTo((2, 5)));
        Assert.That(claimed.Held, Is.EqualTo(new[] { "few" }));
        Assert.That(claimed.NextVisible, Is.Null, "a held task does not say that a claim would take it");
    }

    [Test]
    public async Task K1_A_queue_of_which_nothing_may_be_taken_says_whether_something_is_due()
    {
        var now = await NowAsync();
        Assert.That((await ClaimAsync(["few"], most: new() { ["few"] = 0 })).Held, Is.Empty);
        await TasksAsync("default", "few", 1, now.AddMinutes(10));
        var early = await ClaimAsync(["few"], most: new() { ["few"] = 0 });
        Assert.That((early.Tasks.Count, early.Held.Count, early.NextVisible), Is.EqualTo((0, 0, (DateTimeOffset?)now.AddMinutes(10))));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(11));
        var due = await ClaimAsync(["few"], most: new() { ["few"] = 0 });
        Assert.That((due.Tasks.Count, due.Held.Count, due.NextVisible), Is.EqualTo((0, 1, (DateTimeOffset?)null)));
        Assert.That((await ClaimAsync(["few"], most: new() { ["few"] = 1 })).Tasks.Single().Attempt, Is.EqualTo(1), "a look counts no attempt");
    }

    [Test]
    public async Task K1_A_queue_whose_bound_is_not_reached_is_not_held()
    {
        await TasksAsync("default", "few", 2, await NowAsync());
        Assert.That((await ClaimAsync(["few"], most: new() { ["few"] = 2 })).Held, Is.Empty);
    }

    [Test]
    public async Task K1_What_the_limit_leaves_is_announced_as_due()
    {
        await TasksAsync("default", "", 5, await NowAsync());
        var claimed = await ClaimAsync([""], limit: 3);
        Assert.That(claimed.Tasks, Has.Count.EqualTo(3));
        Assert.That(claimed.NextVisible, Is.Not.Null.And.LessThanOrEqualTo(claimed.Now));
    }

    [Test]
    public async Task K2_An_attempt_that_never_began_gives_its_count_back()
    {
        await TasksAsync("default", "", 1, await NowAsync());
        var task = (await ClaimAsync([""])).Tasks.Single();
        Assert.That(await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, null) { NeverBegan = true }]), Is.EqualTo(new[] { true }));
        var next = (await ClaimAsync([""])).Tasks.Single();
        Assert.That((next.Attempt, next.LogicalAttempt), Is.EqualTo((1, 0)));
        Assert.That(await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, null) { NeverBegan = true }]), Is.EqualTo(new[] { false }), "not with an older token");
    }

    [Test]
    public async Task P4_No_more_slots_are_given_than_there_are()
    {
        Assert.That(await TakeAsync(first, 2, of: 3), Is.EqualTo(2));
        Assert.That(await TakeAsync(second, 3, of: 3), Is.EqualTo(1));
        Assert.That(await TakeAsync(first, 3, of: 3), Is.EqualTo(2));
        Assert.That(await TakeAsync(second, 3, of: 3), Is.EqualTo(1), "asking again says the same");
        Assert.That(await TakeAsync(second, 3, of: 3, name: "queue/other"), Is.EqualTo(3), "another name has slots of its own");
    }

    [Test]
    public async Task P4_Slots_given_back_are_free_at_once()
    {
        await TakeAsync(first, 3, of: 3);
        Assert.That(await TakeAsync(first, 1, of: 3), Is.EqualTo(1));
        Assert.That(await TakeAsync(second, 3, of: 3), Is.EqualTo(2));
        Assert.That(await TakeAsync(first, 0, of: 3), Is.Zero);
        Assert.That(await TakeAsync(second, 3, of: 3), Is.EqualTo(3));
    }

    [Test]
    public async Task P4_Slots_that_are_not_renewed_pass_to_others_and_are_not_had_any_more()
    {
        await TakeAsync(first, 2, of: 2);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That(await TakeAsync(second, 2, of: 2), Is.Zero);
        Assert.That(await TakeAsync(first, 2, of: 2), Is.EqualTo(2));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That(await TakeAsync(second, 2, of: 2), Is.Zero, "they were renewed");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That(await TakeAsync(second, 1, of: 2), Is.EqualTo(1));
        Assert.That(await TakeAsync(first, 2, of: 2), Is.EqualTo(1), "who comes back late has only what nobody took");
    }

    [Test]
    public async Task P4_A_lower_limit_hands_out_no_slot_beyond_it()
    {
        await TakeAsync(first, 5, of: 5);
        Assert.That(await TakeAsync(first, 5, of: 2), Is.EqualTo(2));
        Assert.That(await TakeAsync(second, 5, of: 2), Is.Zero);
    }

    [Test]
    public async Task P4_Many_holders_at_once_never_have_more_than_there_are()
    {
        var holders = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToArray();
        for (var round = 0; round < 8; round++)
        {
            var has = await Task.WhenAll(holders.Select((holder, i) => Task.Run(async () =>
            {
                await Patient.DoAsync(() => TakeAsync(holder, (round + i) % 4, of: 6));
                return await Patient.DoAsync(() => TakeAsync(holder, 3, of: 6));
            })));
            var now = new List<int>();
            foreach (var holder in holders) now.Add(await TakeAsync(holder, 3, of: 6));
            Assert.That(now.Sum(), Is.EqualTo(6), $"round {round}: {string.Join(' ', has)}");
        }
    }

    private Task<int> TakeAsync(Guid holder, int units, int of, string name = "queue/mail") => Store.TakeSlotsAsync(new(name, holder, units, of, Minute));

    private Task<TaskClaimResult> ClaimAsync(string[] queues, int limit = 10, string[]? namespaces = null, Dictionary<string, int>? most = null)
    {
        var claim = new TaskClaim(Store.Groups[0], queues, ["Charge"], limit, namespaces);
        return Store.ClaimTasksAsync(most is null ? claim : claim with { Most = most });
    }

    private async Task TasksAsync(string ns, string queue, int count, DateTimeOffset visibleAt, int priority = 0)
    {
        var lane = await OpenLaneAsync($"host-{ns}-{queue}");
        var run = await lane.StartAsync(Make.Run($"order-{queue}", ns));
        await lane.Batch().Task([.. Enumerable.Range(1, count).Select(no => Make.Task(run, no, visibleAt, queue, priority: priority))]).CommitAsync();
    }
}
