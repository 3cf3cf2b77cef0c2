// The reference store under the conformance suite, with a clock that stands still.
using Durable.Storage;
using Durable.Storage.Contract;

namespace Durable.Core.Tests.Storage;

internal sealed class InMemoryHarness : StoreHarness
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
