// The reference store with a clock that stands still: under the suite itself, and beside a provider in ModelContract.
namespace Durable.Storage.Contract;

/// <summary>An empty in-memory store.</summary>
public sealed class InMemoryHarness : StoreHarness
{
    private readonly ManualClock clock = new();

    private InMemoryHarness() => Store = new InMemoryStore(clock);

    public override IDurableStore Store { get; }

    public static Task<StoreHarness> CreateAsync() => Task.FromResult<StoreHarness>(new InMemoryHarness());

    public override Task AdvanceAsync(TimeSpan by)
    {
        clock.Advance(by);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync() => Store.DisposeAsync();
}
