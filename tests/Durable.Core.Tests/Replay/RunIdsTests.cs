// Ids: the shard in their last bits, relatives together, children derived, one wire form.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Durable.Engine.Replay;
using FsCheck;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Pure")]
public sealed class RunIdsTests
{
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void A_run_id_carries_its_shard_version_and_time(int days, byte shard)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(Math.Abs(days % 20_000));
        var id = RunIds.New(now, (short)(shard & 127), Guid.NewGuid());
        Assert.That((RunIds.ShardOf(id), id.Version, id.Variant & 0xC), Is.EqualTo(((short)(shard & 127), 7, 8)));
        Assert.That(DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(id.ToString("N")[..12], NumberStyles.HexNumber, CultureInfo.InvariantCulture)), Is.EqualTo(now));
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Relatives_share_the_shard_of_their_root(NonNull<string> root, NonNull<string> rest)
    {
        var id = root.Get.Replace("//", "/", StringComparison.Ordinal).TrimEnd('/');
        Assert.That(RunIds.ShardOf("ns", $"{id}//{rest.Get}"), Is.EqualTo(RunIds.ShardOf("ns", id)));
        Assert.That(RunIds.ShardOf("ns", $"{id}//0.1//2.3"), Is.EqualTo(RunIds.ShardOf("ns", id)));
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void The_shard_is_that_of_the_decision(NonNull<string> ns, NonNull<string> id)
    {
        var root = id.Get.Split("//")[0];
        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(ns.Get + "\0" + root))[0] & 127;
        Assert.That((int)RunIds.ShardOf(ns.Get, id.Get), Is.EqualTo(expected));
    }

    [TestCase("default", "order-7", 29)]
    [TestCase("default", "order-7//0.1", 29)]
    [TestCase("other", "order-7", 110)]
    [TestCase("default", "//", 59)]
    public void Known_shards_never_change(string ns, string id, int shard) => Assert.That((int)RunIds.ShardOf(ns, id), Is.EqualTo(shard));

    [Test]
    public void Long_ids_are_hashed_whole()
    {
        var text = new string('ж', 4_000);
        Assert.That(RunIds.ShardOf(text, text), Is.InRange((short)0, (short)127));
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void A_childs_id_is_derived_from_its_command(Guid seed, int gen, int ordinal)
    {
        var parent = RunIds.New(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), 5, seed);
        var child = RunIds.OfChild(parent, gen, ordinal, "ns", $"order-{seed}//{gen}.{ordinal}");
        Assert.That(child, Is.EqualTo(RunIds.OfChild(parent, gen, ordinal, "ns", $"order-{seed}//{gen}.{ordinal}")));
        Assert.That((child.Version, child.Variant & 0xC, RunIds.ShardOf(child)), Is.EqualTo((7, 8, RunIds.ShardOf("ns", $"order-{seed}"))));
        Assert.That(child.ToString("N")[..12], Is.EqualTo(parent.ToString("N")[..12]), "in its parent's partition");
        Assert.That(child, Is.Not.EqualTo(RunIds.OfChild(parent, gen, unchecked(ordinal + 1), "ns", $"order-{seed}//{gen}.{ordinal}")));
        Assert.That(child, Is.Not.EqualTo(RunIds.OfChild(parent, unchecked(gen + 1), ordinal, "ns", $"order-{seed}//{gen}.{ordinal}")));
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Ids_and_tokens_survive_their_text(Guid run, int gen, int ordinal)
    {
        Assert.That(Guid.ParseExact(run.ToString("D"), "D"), Is.EqualTo(run));
        var token = Tokens.Create(run, gen, ordinal, World.Secret);
        Assert.That(Tokens.TryRead(token, out var run2, out var gen2, out var ordinal2), Is.True);
        Assert.That((run2, gen2, ordinal2), Is.EqualTo((run, gen, ordinal)));
        Assert.That(token, Does.Match("^[A-Za-z0-9_-]{54}$"));
        Assert.That(Tokens.IsGenuine(token, World.Secret), Is.True);
        Assert.That(Tokens.IsGenuine(token, new byte[32]), Is.False);
    }

    [Test]
    public void A_token_with_any_character_changed_is_not_genuine()
    {
        var token = Tokens.Create(World.RunId, 1, 2, World.Secret);
        for (var i = 0; i < token.Length; i++)
        {
            var other = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];
            Assert.That(Tokens.IsGenuine(other, World.Secret), Is.False, $"character {i}");
        }
    }

    [TestCase("")]
    [TestCase("short")]
    [TestCase("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    [TestCase("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_token_is_refused(string text)
    {
        Assert.That(Tokens.TryRead(text, out _, out _, out _), Is.False);
        Assert.That(Tokens.IsGenuine(text, World.Secret), Is.False);
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Times_are_whole_microseconds_and_due_times_never_early(long ticks)
    {
        var time = new DateTimeOffset(Math.Abs(ticks % 3_000_000_000_000_000_000L), TimeSpan.Zero);
        Assert.That(Microseconds.Truncate(time).UtcTicks, Is.EqualTo(time.UtcTicks / 10 * 10));
        Assert.That(Microseconds.RoundUp(time).UtcTicks, Is.EqualTo((time.UtcTicks + 9) / 10 * 10));
        Assert.That(Microseconds.RoundUp(time.ToOffset(TimeSpan.FromHours(5))).Offset, Is.EqualTo(TimeSpan.Zero));
    }
}
