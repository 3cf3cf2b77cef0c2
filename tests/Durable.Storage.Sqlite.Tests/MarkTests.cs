// A backup that is written over its own file keeps the file's identity. The mark beside the file tells it (decision 26).
using Durable.Storage.Contract;

namespace Durable.Storage.Sqlite.Tests;

public sealed class MarkTests : SqliteFixture
{
    private string MarkPath => FilePath + "-durable.mark";

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_backup_that_is_written_over_the_file_is_noticed_until_it_is_accepted(bool fullSync)
    {
        var store = await OpenAsync(configure: options => options.FullSync = fullSync);
        await StartAsync(store, "order-1");
        Execute(Connect(), $"vacuum into '{PathOf("backup.db")}'");
        await StartAsync(store, "order-2");
        await CloseAllAsync();
        await WriteOverAsync(PathOf("backup.db"));

        Assert.That(await IsElsewhereAsync(), Is.True);
        Assert.That(await IsElsewhereAsync(), Is.True, "looking changes nothing");
        var restored = await OpenAsync();
        await restored.AcceptPlaceAsync(RestoredStorePolicy.Continue);
        Assert.That((await restored.InitializeAsync()).PlaceChanged, Is.False);
        await CloseAllAsync();
        Assert.That(await IsElsewhereAsync(), Is.False);
    }

    [Test]
    public async Task A_file_in_use_is_marked_each_minute_so_that_a_death_leaves_a_mark_too()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        await lane.ReapAsync();
        var first = await MarksAsync(store);
        Clock.Advance(TimeSpan.FromSeconds(50));
        await lane.ReapAsync();
        Assert.That((first.Inside, first.Beside, await MarksAsync(store)), Is.EqualTo((1, 1, first)), "the first round marks, and no other within a minute");
        Clock.Advance(TimeSpan.FromSeconds(11));
        await lane.ReapAsync();
        Assert.That(await MarksAsync(store), Is.EqualTo((2L, 2L)));
        await CloseAllAsync();
        Assert.That(await MarksAsync(await OpenAsync()), Is.EqualTo((3L, 3L)), "and when it is closed");
    }

    [Test]
    public async Task A_file_that_may_lose_commits_with_the_power_is_marked_when_it_is_closed()
    {
        var store = await OpenAsync(configure: options => options.FullSync = false);
        var lane = await TestLane.OpenAsync(store, "host-a");
        await lane.ReapAsync();
        Assert.That(File.Exists(MarkPath), Is.False);
        await CloseAllAsync();
        Assert.That(File.Exists(MarkPath), Is.True);
    }

    [Test]
    public async Task Who_only_reads_marks_nothing()
    {
        await (await OpenAsync()).DisposeAsync();
        File.Delete(MarkPath);
        var reader = await OpenAsync();
        await reader.CountRunsAsync(Make.Query());
        await CloseAllAsync();
        Assert.That(File.Exists(MarkPath), Is.False);
    }

    [TestCase("")]
    [TestCase("what is this?")]
    [TestCase("11111111-2222-3333-4444-555555555555 1000 another database's")]
    public async Task A_mark_that_says_nothing_about_this_file_is_passed_over(string text)
    {
        await StartAsync(await OpenAsync(), "order-1");
        await CloseAllAsync();
        await File.WriteAllTextAsync(MarkPath, text);
        Assert.That(await IsElsewhereAsync(), Is.False);
        File.Delete(MarkPath);
        Assert.That(await IsElsewhereAsync(), Is.False);
    }

    [Test]
    public async Task A_new_file_beside_the_mark_of_an_old_one_and_a_file_of_a_release_without_marks_are_in_their_place()
    {
        var store = await OpenAsync();
        await StartAsync(store, "order-1");
        await CloseAllAsync();
        Execute(Connect(), "update durable_schema set place = substr(place, 1, instr(place, ' mark=') - 1) where place like '% mark=%'");
        Assert.That(await IsElsewhereAsync(), Is.False, "0.1.0 accepts a place without a mark");

        await CloseAllAsync();
        File.Delete(FilePath);
        Assert.That(await IsElsewhereAsync(), Is.False);
    }

    private static async Task StartAsync(SqliteStore store, string id) => await store.DeliverAsync(new([], [Make.Start(Make.Run(id))]));

    private async Task WriteOverAsync(string backup)
    {
        var bytes = await File.ReadAllBytesAsync(backup);
        await using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Write);
        file.SetLength(0);
        await file.WriteAsync(bytes);
    }

    private async Task<bool> IsElsewhereAsync()
    {
        await using var store = NewStore();
        return (await store.InitializeAsync()).PlaceChanged;
    }

    private static async Task<(long Inside, long Beside)> MarksAsync(SqliteStore store) =>
        (FilePlace.MarkOf(await store.Core.ReadAsync(Acceptance.PlaceOf, default)) ?? 0, store.Core.File.Mark.Beside);
}
