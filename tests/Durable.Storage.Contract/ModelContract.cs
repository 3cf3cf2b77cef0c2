// Obligation S89 of docs/storage-provider.md, all others at once: random calls get from a provider the answers that the reference gives.
using System.Text;

namespace Durable.Storage.Contract;

/// <summary>Compares a store with <see cref="InMemoryStore"/>.</summary>
public abstract class ModelContract : StoreContract
{
    [FsCheck.NUnit.Property(MaxTest = 40, QuietOnSuccess = true, Arbitrary = [typeof(ModelCalls)])]
    public async Task Random_calls_get_the_answers_of_the_reference(ModelCalls calls)
    {
        await using var provider = await CreateAsync();
        await using var reference = await InMemoryHarness.CreateAsync();
        await provider.Store.InitializeAsync();
        var world = new ModelWorld();
        var (tested, model) = (new ModelSession(provider, world), new ModelSession(reference, world));
        var told = new StringBuilder();
        foreach (var code in calls.Codes)
        {
            var expected = await model.ApplyAsync(code);
            told.AppendLine(expected);
            Assert.That(await tested.ApplyAsync(code), Is.EqualTo(expected), $"after\n{told}");
        }
        Assert.That(await tested.DumpAsync(), Is.EqualTo(await model.DumpAsync()), $"in the end, after\n{told}");
    }
}
