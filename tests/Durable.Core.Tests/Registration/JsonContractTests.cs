// The JSON that histories are written in: a golden file, and every rule of it.
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Durable.Engine.Registration;

namespace Durable.Core.Tests.Registration;

[TestFixture]
[Category("Pure")]
public sealed class JsonContractTests
{
    private static readonly PayloadSerializer Serializer = new(null, 8, 1_000, null);

    public enum Colour
    {
        DarkRed,
        Green,
    }

    [Flags]
    public enum Rights
    {
        None = 0,
        Read = 1,
        Write = 2,
    }

    [JsonDerivedType(typeof(Circle), "circle")]
    public abstract record Shape(string Name);

    public sealed record Circle(string Name, double Radius) : Shape(Name);

    public record Open(string Name);

    public sealed record Extended(string Name, string Lost) : Open(Name);

    public sealed record Strict
    {
        public required string Name { get; init; }

        public int Count { get; init; } = 3;
    }

    public sealed class Mutable
    {
        public string? Name { get; set; }

        public List<int> Numbers { get; set; } = [];

        public int ReadOnlyLength => Numbers.Count;
    }

    public readonly record struct Point(int X, int Y);

    private static IEnumerable<(string Name, string Json)> Golden()
    {
        yield return Line("null text", (string?)null);
        yield return Line("text", "plain");
        yield return Line("text that HTML would escape", "<a href='x'>&\"\\ü日本😀+");
        yield return Line("control characters", "\n\t\u0001\u2028");
        yield return Line("true", true);
        yield return Line("int", -5);
        yield return Line("long", long.MaxValue);
        yield return Line("ulong", ulong.MaxValue);
        yield return Line("decimal keeps its scale", 1.50m);
        yield return Line("double", 0.1);
        yield return Line("float", 0.1f);
        yield return Line("guid", Guid.Parse("0197a3c0-0000-7000-8000-00000000002a"));
        yield return Line("bytes", new byte[] { 1, 2, 250 });
        yield return Line("char", 'ж');
        yield return Line("uri", new Uri("https://example.org/a?b=c"));
        yield return Line("version", new Version(1, 2, 3));
        yield return Line("TimeSpan", TimeSpan.FromMilliseconds(90_061_001));
        yield return Line("DateTimeOffset", new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)));
        yield return Line("DateTime UTC", new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        yield return Line("DateTime unspecified", new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Unspecified));
        yield return Line("DateOnly", new DateOnly(2030, 1, 2));
        yield return Line("TimeOnly", new TimeOnly(3, 4, 5));
        yield return Line("Half", (Half)1.5);
        yield return Line("Int128", Int128.MaxValue);
        yield return Line("enum", Colour.DarkRed);
        yield return Line("flags", Rights.Read | Rights.Write);
        yield return Line("enum without a name", (Colour)77);
        yield return Line("nullable", (int?)null);
        yield return Line("record struct", new Point(1, 2));
        yield return Line("record", new Strict { Name = "n" });
        yield return Line("class", new Mutable { Name = null, Numbers = [1, 2] });
        yield return Line<Shape>("declared derived type", new Circle("c", 2.5));
        yield return Line("dictionary keys stay as they are", new Dictionary<string, int> { ["KeyName"] = 1, ["a b"] = 2 });
        yield return Line("dictionary of enums", new Dictionary<Colour, int> { [Colour.Green] = 1 });
        yield return Line("immutable array", ImmutableArray.Create(1, 2));
        yield return Line("set", new HashSet<int> { 3, 1 });
        yield return Line("element", JsonDocument.Parse("{ \"A\" : [1, 2.50] }").RootElement);
        yield return ("arguments", Encoding.UTF8.GetString(Serializer.EncodeArguments(["7", 1.5m, Colour.Green, null], [typeof(string), typeof(decimal), typeof(Colour), typeof(Strict)], "x")));
        yield return ("body", Encoding.UTF8.GetString(Serializer.EncodeBody([7], [typeof(int)], "x", "{\"queue\":\"q\"}"u8)));
    }

    private static (string, string) Line<T>(string name, T value) => (name, Encoding.UTF8.GetString(Serializer.Encode(value, name)));

    [Test]
    public void What_is_written_is_the_approved_JSON() =>
        Approved.File("Registration/JsonContract.approved.json", "{\n" + string.Join(",\n", Golden().Select(line => $"  {JsonSerializer.Serialize(line.Name)}: {line.Json}")) + "\n}\n");

    [Test]
    public void What_was_approved_can_be_read()
    {
        using var approved = JsonDocument.Parse(File.ReadAllText(Path.Combine(Approved.Folder, "Registration/JsonContract.approved.json")));
        var root = approved.RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(Read<string>("text that HTML would escape"), Is.EqualTo("<a href='x'>&\"\\ü日本😀+"));
            Assert.That(Read<decimal>("decimal keeps its scale").ToString(System.Globalization.CultureInfo.InvariantCulture), Is.EqualTo("1.50"));
            Assert.That(Read<DateTime>("DateTime UTC").Kind, Is.EqualTo(DateTimeKind.Utc));
            Assert.That(Read<Rights>("flags"), Is.EqualTo(Rights.Read | Rights.Write));
            Assert.That(Read<Colour>("enum without a name"), Is.EqualTo((Colour)77));
            Assert.That(Read<Shape>("declared derived type"), Is.EqualTo(new Circle("c", 2.5)));
            Assert.That(Read<Point>("record struct"), Is.EqualTo(new Point(1, 2)));
            Assert.That(Read<Dictionary<Colour, int>>("dictionary of enums")![Colour.Green], Is.EqualTo(1));
            Assert.That(Read<TimeSpan>("TimeSpan"), Is.EqualTo(TimeSpan.FromMilliseconds(90_061_001)));
        });

        T? Read<T>(string name) => Serializer.Decode<T>(Encoding.UTF8.GetBytes(root.GetProperty(name).GetRawText()), name);
    }

    [Test]
    public void Members_are_read_whatever_their_case_and_unknown_ones_are_ignored() =>
        Assert.That(Serializer.Decode<Strict>("{\"NAME\":\"n\",\"cOuNt\":7,\"later\":{\"x\":[1]}}"u8, "x"), Is.EqualTo(new Strict { Name = "n", Count = 7 }));

    [Test]
    public void Enums_are_read_from_names_of_any_case_and_from_numbers() =>
        Assert.That((Serializer.Decode<Colour>("\"darkred\""u8, "x"), Serializer.Decode<Colour>("1"u8, "x")), Is.EqualTo((Colour.DarkRed, Colour.Green)));

    [TestCase("{}", "'name'")]
    [TestCase("{\"count\":1}", "'name'")]
    [TestCase("[]", "Strict")]
    [TestCase("{\"name\":", "Strict")]
    [TestCase("{\"name\":\"n\",\"count\":\"x\"}", "count")]
    [TestCase("{\"name\":\"n\",\"count\":99999999999}", "count")]
    public void What_does_not_fit_is_refused(string json, string said) => Refused(() => Serializer.Decode<Strict>(Encoding.UTF8.GetBytes(json), "Result of x"), "Result of x", said, "nullable");

    [Test]
    public void A_local_DateTime_is_refused() => Refused(() => Serializer.Encode(DateTime.Now, "Argument y"), "Argument y", "kind Local", "ToUniversalTime");

    [Test]
    public void A_derived_value_that_is_not_declared_is_refused_when_written()
    {
        Refused(() => Serializer.Encode<Open>(new Extended("n", "l"), "Result of z"), "Result of z", nameof(Extended), "[JsonDerivedType(typeof(Extended)");
        Refused(() => Serializer.Encode(new List<Open> { new Extended("n", "l") }, "Result of z"), "Result of z", nameof(Extended));
        Assert.That(Serializer.Encode(new Open("n"), "x"), Is.Not.Empty);
    }

    [Test]
    public void The_declared_type_decides() =>
        Assert.That(Encoding.UTF8.GetString(Serializer.EncodeArguments([new Circle("c", 1)], [typeof(Shape)], "x")), Is.EqualTo("[{\"$type\":\"circle\",\"radius\":1,\"name\":\"c\"}]"));

    [Test]
    public void A_type_whose_members_JSON_does_not_see_is_refused()
    {
        Refused(() => Serializer.Encode((1, "a"), "Result of t"), "Result of t", "fields", "record");
        Refused(() => Serializer.Encode(new List<(int Count, string Name)> { (1, "a") }, "Result of t"), "Result of t");
        Refused(() => Serializer.Encode(new Fields(), "Result of t"), "Fields");
        Refused(() => Serializer.Decode<(int, string)>("{}"u8, "Result of t"), "Result of t");
        var own = new PayloadSerializer(options => options.IncludeFields = true, 64, 1_000, null);
        Assert.That(own.Decode<(int, string)>(own.Encode((1, "a"), "x"), "x"), Is.EqualTo((1, "a")));
        Assert.That(Serializer.Encode(new Nothing(), "x"), Has.Length.EqualTo(2), "a type without any data loses none");
    }

    public sealed class Fields
    {
        public int Count = 1;
    }

    public sealed record Nothing;

    [Test]
    public void What_JSON_cannot_hold_is_refused()
    {
        Refused(() => Serializer.Encode(double.NaN, "w"), "w");
        Refused(() => Serializer.Encode<Action>(() => { }, "w"), "w", "ConfigureJson");
        Refused(() => Serializer.Encode(typeof(int), "w"), "w");
    }

    [Test]
    public void Depth_and_size_are_bounded()
    {
        var deep = new string('[', 9) + new string(']', 9);
        Refused(() => Serializer.Decode<JsonElement>(Encoding.UTF8.GetBytes(deep), "deep"), "deep");
        Assert.That(() => Serializer.Encode(new string('x', 999), "big"), Throws.TypeOf<DurableException>().With.Property("Code").EqualTo(DurableErrorCodes.PayloadTooLarge).And.Message.Contains("1,001 bytes").And.Message.Contains("MaxPayloadBytes"));
        Assert.That(() => Serializer.EncodeArguments([new string('x', 999)], [typeof(string)], "big"), Throws.TypeOf<DurableException>());
        Assert.That(Serializer.Encode(new string('x', 998), "fits"), Has.Length.EqualTo(1_000));
    }

    [Test]
    public void A_failed_encoding_leaves_nothing_behind_for_the_next()
    {
        Refused(() => Serializer.Encode(new List<object> { "half", double.NaN }, "w"), "w");
        Assert.That(Encoding.UTF8.GetString(Serializer.Encode("whole", "x")), Is.EqualTo("\"whole\""));
    }

    [Test]
    public void Hosts_may_add_converters()
    {
        var own = new PayloadSerializer(options => options.Converters.Insert(0, new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower)), 64, 1_000, null);
        Assert.That(Encoding.UTF8.GetString(own.Encode(Colour.DarkRed, "x")), Is.EqualTo("\"dark_red\""));
        Assert.That(own.Options.IsReadOnly, Is.True);
    }

    private static Parameter[] Parameters(string name) => Parameter.Of(typeof(JsonContractTests).GetMethod(name, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!);

    private static void Take(string text, int number = 7, Colour colour = Colour.Green, Point point = default, int? maybe = null, decimal price = 1.5m, CancellationToken token = default) => _ = (text, number, colour, point, maybe, price, token);

    [Test]
    public void Missing_trailing_arguments_take_their_defaults()
    {
        Assert.That(Serializer.DecodeArguments("[\"a\"]"u8, Parameters(nameof(Take)), "x"), Is.EqualTo(new object?[] { "a", 7, Colour.Green, default(Point), null, 1.5m }));
        Assert.That(Serializer.DecodeArguments("[\"a\",1,\"DarkRed\"]"u8, Parameters(nameof(Take)), "x")[..3], Is.EqualTo(new object?[] { "a", 1, Colour.DarkRed }));
    }

    [TestCase("", "'text' is missing and has no default")]
    [TestCase("[]", "'text' is missing and has no default")]
    [TestCase("{}", "array of arguments")]
    [TestCase("[1]", "argument 'text'")]
    [TestCase("[\"a\",\"b\"]", "argument 'number'")]
    [TestCase("[\"a\",1,\"Green\",{},null,1,2,3]", "6 arguments were expected")]
    [TestCase("[\"a\"", "")]
    public void Arguments_that_do_not_fit_are_refused(string json, string said) => Refused(() => Serializer.DecodeArguments(Encoding.UTF8.GetBytes(json), Parameters(nameof(Take)), "Start of 'W'"), "Start of 'W'", said);

    private static void Refused(Action action, params string[] said)
    {
        var error = Assert.Throws<DurableException>(action)!;
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.PayloadUnreadable));
        foreach (var text in said) Assert.That(error.Message, Does.Contain(text));
    }
}
