// The commands column: written, compared, split and read back, whatever the names are.
using System.Text;
using Durable.Engine.History;
using FsCheck;
using FsCheck.Fluent;

namespace Durable.Core.Tests.History;

[TestFixture]
[Category("Pure")]
public sealed class CommandBufferTests
{
    private static readonly string[] Odd = ["plain", "a\"b", "back\\slash", "line\nfeed", "tab\t", "[11,4,", "]\n\n", "ключ", "日本", "😀", "\u2028", "<&>'", "\u007f", "null", ""];

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Heads_and_bodies_round_trip(int[] kinds, string[] names, string[] targets)
    {
        var heads = new List<CommandHead>();
        var texts = Odd.Concat(names ?? []).Where(text => text is not null).Select(Wellformed).ToList();
        var ends = Odd.Concat(targets ?? []).Select(text => text is null || text.Length == 0 ? null : Wellformed(text)).ToList();
        var values = Enum.GetValues<CommandKind>();
        for (var i = 0; i < (kinds ?? []).Length + 3; i++)
            heads.Add(new CommandHead(values[(uint)(i < kinds!.Length ? kinds[i] : i) % values.Length], i * 7 + 1, texts[i % texts.Count], ends[i * 3 % ends.Count]));
        var buffer = new CommandBuffer();
        for (var i = 0; i < heads.Count; i++)
        {
            buffer.AddHead(heads[i].Kind, heads[i].Ordinal, CommandBuffer.Quote(heads[i].Name!), heads[i].Target);
            buffer.AddBody(Encoding.UTF8.GetBytes($"{{\"args\":[{i}]}}"));
        }

        var column = buffer.ToColumn(buffer.Bodies)!;
        Assert.That(CommandHead.ParseAll(column), Is.EqualTo(heads));
        Assert.That(buffer.Matches(column), Is.True);
        CommandBuffer.Split(column, out var lines, out var bodies);
        Assert.That(lines.SequenceEqual(buffer.Head), Is.True);
        for (var i = 0; i < heads.Count; i++) Assert.That(Encoding.UTF8.GetString(CommandBuffer.Line(bodies, i)), Is.EqualTo($"{{\"args\":[{i}]}}"));
    }

    [Test]
    public void The_format_is_as_documented()
    {
        var buffer = new CommandBuffer();
        buffer.AddHead(CommandKind.Activity, 1, CommandBuffer.Quote("Payments.Charge"), null);
        buffer.AddBody("{\"args\":[\"7\"]}"u8);
        buffer.AddHead(CommandKind.Child, 2, CommandBuffer.Quote("Ship"), "order-7//0.2");
        buffer.AddBody("{}"u8);
        Assert.That(Encoding.UTF8.GetString(buffer.ToColumn(buffer.Bodies)!), Is.EqualTo("[1,1,\"Payments.Charge\",null]\n[4,2,\"Ship\",\"order-7//0.2\"]\n\n{\"args\":[\"7\"]}\n{}\n"));
    }

    [Test]
    public void An_empty_buffer_is_null_and_matches_only_nothing()
    {
        var buffer = new CommandBuffer();
        Assert.That(buffer.ToColumn(default), Is.Null);
        Assert.That((buffer.Matches(default), buffer.Matches("[3,1,\"\",null]\n\n{}\n"u8)), Is.EqualTo((true, false)));
        buffer.AddHead(CommandKind.Timer, 1, "\"\""u8, null);
        Assert.That(buffer.Matches(default), Is.False);
        buffer.Clear();
        Assert.That((buffer.Count, buffer.Matches(default)), Is.EqualTo((0, true)));
    }

    [Test]
    public void A_longer_or_shorter_head_does_not_match()
    {
        var two = new CommandBuffer();
        two.AddHead(CommandKind.Timer, 1, "\"\""u8, null);
        var one = two.ToColumn("{}\n"u8)!;
        two.AddHead(CommandKind.Timer, 2, "\"\""u8, null);
        Assert.That(two.Matches(one), Is.False);
        var both = two.ToColumn("{}\n{}\n"u8)!;
        var first = new CommandBuffer();
        first.AddHead(CommandKind.Timer, 1, "\"\""u8, null);
        Assert.That((first.Matches(both), first.IsFollowedBy(both, CommandKind.Timer, 2), first.IsFollowedBy(both, CommandKind.Timer, 20), first.IsFollowedBy(one, CommandKind.Timer, 2)), Is.EqualTo((false, true, false, false)));
    }

    [Test]
    public void A_body_stays_on_its_line()
    {
        var buffer = new CommandBuffer();
        buffer.AddHead(CommandKind.Activity, 1, "\"a\""u8, null);
        buffer.AddBody("{\n  \"args\": [\n\n1]\n}"u8);
        buffer.AddHead(CommandKind.Activity, 2, "\"b\""u8, null);
        buffer.AddBody("{\"args\":[2]}"u8);
        Assert.That(Encoding.UTF8.GetString(CommandBuffer.Line(buffer.Bodies, 1)), Is.EqualTo("{\"args\":[2]}"));
        Assert.That(Encoding.UTF8.GetString(CommandBuffer.Line(buffer.Bodies, 0)), Is.EqualTo("{   \"args\": [  1] }"));
    }

    [Test]
    public void A_broken_column_is_refused()
    {
        Assert.That(() => CommandHead.ParseAll("[1,1,\"a\",null]"u8), Throws.TypeOf<FormatException>());
        Assert.That(() => CommandBuffer.Line("{}"u8, 1).ToArray(), Throws.TypeOf<FormatException>());
    }

    private static string Wellformed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
