// Random numbers: a sequence that never changes, and a fair one.
using Durable.Engine.Replay;
using FsCheck;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Pure")]
public sealed class DeterministicRandomTests
{
    // The published test vector of SplitMix64 for the seed 1234567.
    [Test]
    public void The_bits_are_those_of_SplitMix64()
    {
        var random = new DeterministicRandom(1234567);
        Assert.That(new[] { random.NextBits(), random.NextBits(), random.NextBits(), random.NextBits(), random.NextBits() },
            Is.EqualTo(new[] { 6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL, 4593380528125082431UL, 16408922859458223821UL }));
    }

    [Test]
    public void The_sequence_of_a_seed_is_the_approved_one()
    {
        var random = new DeterministicRandom(42);
        var lines = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            lines.Add($"Next {random.Next()}");
            lines.Add($"Next(10) {random.Next(10)}");
            lines.Add($"Next(-5,5) {random.Next(-5, 5)}");
            lines.Add($"Next(min,max) {random.Next(int.MinValue, int.MaxValue)}");
            lines.Add($"NextInt64 {random.NextInt64()}");
            lines.Add($"NextInt64(1000) {random.NextInt64(1000)}");
            lines.Add($"NextInt64(min,max) {random.NextInt64(long.MinValue, long.MaxValue)}");
            lines.Add(FormattableString.Invariant($"NextDouble {random.NextDouble():R}"));
            lines.Add(FormattableString.Invariant($"NextSingle {random.NextSingle():R}"));
            var bytes = new byte[11];
            random.NextBytes(bytes);
            lines.Add($"NextBytes {Convert.ToHexString(bytes)}");
            lines.Add($"NewGuid {DeterministicRandom.NewGuid(42, (ulong)i + 1)}");
        }

        Approved.File("Replay/DeterministicRandom.approved.txt", string.Join("\n", lines) + "\n");
    }

    [FsCheck.NUnit.Property(MaxTest = 200)]
    public void Values_are_in_range(ulong seed, int a, int b, long c, long d)
    {
        var random = new DeterministicRandom(seed);
        var (low, high) = (Math.Min(a, b), Math.Max(a, b));
        Assert.That(random.Next(low, high), low == high ? Is.EqualTo(low) : Is.InRange(low, high - 1));
        var (least, most) = (Math.Min(c, d), Math.Max(c, d));
        Assert.That(random.NextInt64(least, most), least == most ? Is.EqualTo(least) : Is.InRange(least, most - 1));
        Assert.That(random.Next(), Is.InRange(0, int.MaxValue - 1));
        Assert.That(random.NextDouble(), Is.InRange(0.0, 1.0).And.Not.EqualTo(1.0));
        Assert.That(random.NextSingle(), Is.InRange(0f, 1f).And.Not.EqualTo(1f));
        Assert.That((random.Next(0), random.Next(1), random.NextInt64(0), random.NextInt64(1)), Is.EqualTo((0, 0, 0L, 0L)));
    }

    // 60,000 draws over 6 faces: the 99.9999 % bound of chi squared with 5 degrees of freedom is 37.
    [TestCase(1UL)]
    [TestCase(ulong.MaxValue)]
    [TestCase(0x9E3779B97F4A7C15UL)]
    public void A_die_is_fair(ulong seed)
    {
        var random = new DeterministicRandom(seed);
        var faces = new int[6];
        for (var i = 0; i < 60_000; i++) faces[random.Next(6)]++;
        Assert.That(faces.Sum(count => (count - 10_000.0) * (count - 10_000) / 10_000), Is.LessThan(37));
    }

    [Test]
    public void Guids_are_version_4_and_differ()
    {
        var ids = Enumerable.Range(0, 10_000).SelectMany(i => new[] { DeterministicRandom.NewGuid(7, (ulong)i), DeterministicRandom.NewGuid(8, (ulong)i) }).ToList();
        Assert.That(ids.Distinct().Count(), Is.EqualTo(20_000));
        Assert.That(ids.All(id => id.Version == 4 && (id.Variant & 0xC) == 8), Is.True);
    }

    [Test]
    public void Ranges_that_are_empty_are_refused()
    {
        var random = new DeterministicRandom(1);
        Assert.That(() => random.Next(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => random.Next(2, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => random.NextInt64(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => random.NextInt64(2, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
