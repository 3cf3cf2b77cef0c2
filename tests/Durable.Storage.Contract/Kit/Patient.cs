// Repeats what a store may refuse for the moment: the engine does the same (IDurableStore, CommitOutcome.Retry).
namespace Durable.Storage.Contract;

/// <summary>Repeats a bounded number of times, without a pause: other writers go on meanwhile.</summary>
public static class Patient
{
    private const int Tries = 50;

    /// <summary>Repeats a verb that says that the database is not available just now (DUR5001).</summary>
    public static async Task<T> DoAsync<T>(Func<Task<T>> verb)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await verb();
            }
            catch (DurableException e) when (e.Code == DurableErrorCodes.StoreUnavailable && attempt < Tries)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Sends a batch again as long as the answer is that it may be sent again.</summary>
    public static async Task<CommitResult> SendAsync(Func<Task<CommitResult>> commit)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await commit();
            if (result.Outcome != CommitOutcome.Retry || attempt == Tries)
                return result;
            await Task.Yield();
        }
    }

    public static async Task<CommitOutcome> OutcomeAsync(Func<Task<CommitResult>> commit) => (await SendAsync(commit)).Outcome;

    /// <summary>Commits a batch that has no reason to be refused.</summary>
    public static async Task<CommitResult> CommitAsync(TestLane lane, Func<BatchBuilder> batch)
    {
        var result = await SendAsync(() => batch().TryCommitAsync());
        Assert.That((result.Outcome, result.Error), Is.EqualTo((CommitOutcome.Committed, (string?)null)), $"a batch of {lane.Key.Identity}");
        return result;
    }
}
