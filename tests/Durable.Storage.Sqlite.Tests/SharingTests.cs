// One file, several users: a second process, a copied file, a tool.
using Durable.Storage.Contract;

namespace Durable.Storage.Sqlite.Tests;

public sealed class SharingTests : SqliteFixture
{
    [Test]
    public async Task A_second_process_is_refused_while_the_library_is_old()
    {
        await OpenAsync();
        await AssertRefusedUnlessSafeAsync(() => OpenAsync(PathOfOtherProcess()));
    }

    [Test]
    public async Task A_second_process_is_let_in_when_the_first_has_gone()
    {
        await (await OpenAsync()).DisposeAsync();
        Assert.That((await NewStore(PathOfOtherProcess()).InitializeAsync()).SchemaVersion, Is.EqualTo(1));
    }

    [Test]
    public async Task A_process_that_may_share_does_not_get_beside_one_that_may_not()
    {
        await OpenAsync(configure: options => options.AllowSharedFile = true);
        await AssertRefusedUnlessSafeAsync(() => OpenAsync(PathOfOtherProcess()));
    }

    [Test]
    public async Task Two_processes_that_may_share_work_on_one_file()
    {
        var one = await OpenAsync(configure: Share);
        var two = await OpenAsync(PathOfOtherProcess(), Share);
        Assert.That(two.Core.File, Is.Not.SameAs(one.Core.File));

        var lanes = (One: await TestLane.OpenAsync(one, "host-a"), Two: await TestLane.OpenAsync(two, "host-b"));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i => await (i % 2 == 0 ? one : two).DeliverAsync(new([], [Make.Start(Make.Run($"order-{i}"))]))));
        var found = (await lanes.One.LookAsync()).Claimable;
        var claims = await Task.WhenAll(ClaimAsync(lanes.One, found), ClaimAsync(lanes.Two, found));
        Assert.That(found, Has.Count.EqualTo(20));
        Assert.That(claims.SelectMany(claimed => claimed), Is.EquivalentTo(found), "each run has one owner");

        static void Share(SqliteOptions options) => (options.AllowSharedFile, options.BusyLimit) = (true, TimeSpan.FromSeconds(30));
    }

    [Test]
    public async Task Stores_of_one_process_share_the_writing_connection()
    {
        var (one, two) = (await OpenAsync(), await OpenAsync());
        Assert.That(two.Core.File, Is.SameAs(one.Core.File));
        await one.DisposeAsync();
        Assert.That(await two.CountRunsAsync(Make.Query()), Is.Zero);
    }

    [Test]
    public async Task A_link_to_the_file_is_the_file()
    {
        var store = await OpenAsync();
        File.CreateSymbolicLink(PathOf("link.db"), FilePath);
        Assert.That((await OpenAsync(PathOf("link.db"))).Core.File, Is.SameAs(store.Core.File));
    }

    [Test]
    public async Task A_copied_file_is_noticed_until_it_is_accepted()
    {
        var original = await NewStore().InitializeAsync();
        await CloseAllAsync();
        File.Copy(FilePath, PathOf("copy.db"));

        var copy = NewStore(PathOf("copy.db"));
        var found = await copy.InitializeAsync();
        Assert.That((found.PlaceChanged, found.InstallationId), Is.EqualTo((true, original.InstallationId)));
        await copy.AcceptPlaceAsync(RestoredStorePolicy.Continue);
        Assert.That((await copy.InitializeAsync()).PlaceChanged, Is.False);
        await copy.DisposeAsync();
        Assert.That((await NewStore(PathOf("copy.db")).InitializeAsync()).PlaceChanged, Is.False);
        Assert.That((await NewStore().InitializeAsync()).PlaceChanged, Is.False, "the original knows nothing of it");
    }

    [Test]
    public async Task A_file_that_was_moved_in_its_folder_is_in_its_place()
    {
        await (await OpenAsync()).DisposeAsync();
        File.Move(FilePath, PathOf("renamed.db"));
        Assert.That((await NewStore(PathOf("renamed.db")).InitializeAsync()).PlaceChanged, Is.EqualTo(!OperatingSystem.IsLinux()));
    }

    [TestCase("device=8:1 inode=5 born=9.000000001", "device=8:1 inode=5 born=9.000000001", true)]
    [TestCase("device=8:1 inode=5 born=9.000000001", "device=0:44 inode=5 born=9.000000001", true, Description = "another mount of the same volume")]
    [TestCase("device=8:1 inode=5 born=9.000000001", "device=8:1 inode=5 born=9.000000002", false)]
    [TestCase("device=8:1 inode=5 born=9.000000001", "device=8:1 inode=6 born=9.000000001", false)]
    [TestCase("device=8:1 inode=5", "device=8:1 inode=5", true)]
    [TestCase("device=8:1 inode=5", "device=8:2 inode=5", false)]
    [TestCase("path=/a/b born=7", "path=/a/b born=7", true)]
    [TestCase("path=/a/b born=7", "path=/a/c born=7", false)]
    public void Places_are_compared_by_what_survives_a_mount(string stored, string now, bool same) => Assert.That(FilePlace.IsSame(stored, now), Is.EqualTo(same));

    [Test]
    public async Task Accepting_a_copy_may_hold_all_its_runs()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var owned = await lane.StartAsync("order-1");
        var waiting = Make.Run("order-2");
        await store.DeliverAsync(new([], [Make.Start(waiting)]));
        var closed = await lane.StartAsync("order-3");
        await lane.Batch().Event(closed, 1).Close(closed).CommitAsync();

        await store.AcceptPlaceAsync(RestoredStorePolicy.HoldAllRuns);
        var other = await TestLane.OpenAsync(store, "host-b");
        Assert.That((await other.LookAsync()).Claimable, Is.Empty);
        Assert.That((await lane.Batch().TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        foreach (var run in new[] { owned, waiting })
        {
            Assert.That((await store.FindRunAsync("default", null, run.Id))!.Status, Is.EqualTo(RunStatus.Paused));
            Assert.That((await store.ReadPlacementAsync(run.Id)).Wake!.Hold, Is.EqualTo(HoldReasons.Paused));
        }
        Assert.That((await store.FindRunAsync("default", null, closed.Id))!.Status, Is.EqualTo(RunStatus.Completed));
    }

    private static async Task<List<Guid>> ClaimAsync(TestLane lane, IReadOnlyList<Guid> runs)
    {
        var batch = lane.Batch();
        batch.Rows.Claims.AddRange(runs);
        return [.. (await batch.CommitAsync()).Claimed.Select(owned => owned.RunId)];
    }

    /// <summary>The rule is for old libraries; with a new one the same act has to succeed.</summary>
    private static async Task AssertRefusedUnlessSafeAsync(Func<Task> act)
    {
        if (SqliteErrors.RequireLibrary() >= SqliteErrors.SafeSharing)
            await act();
        else
            await AssertCodeAsync(act, DurableErrorCodes.DatabaseFileShared, "3.51.3", "AllowSharedFile");
    }

    /// <summary>The same file under a name that this process does not know as the same: so the store opens it as another process would.</summary>
    private string PathOfOtherProcess()
    {
        var link = PathOf("other-process");
        Directory.CreateSymbolicLink(link, Path.GetDirectoryName(FilePath)!);
        return Path.Combine(link, Path.GetFileName(FilePath));
    }
}
