// How fast the purge goes on while pages come back full.
using Durable.Engine.Worker;

namespace Durable.Core.Tests.Worker;

public sealed class PurgePaceTests
{
    [TestCase(0, 10)]
    [TestCase(40, 40)]
    [TestCase(5_000, 100)]
    public void The_purge_rests_between_full_pages_as_long_as_a_page_took(int page, int rest) =>
        Assert.That(Loops.Rest(TimeSpan.FromMilliseconds(page)), Is.EqualTo(TimeSpan.FromMilliseconds(rest)));
}
