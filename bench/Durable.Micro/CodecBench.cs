// Values to bytes and back, commands to bytes, checksums: what each step pays once or twice.
using BenchmarkDotNet.Attributes;
using Durable.Bench;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Micro;

/// <summary>Encoding and decoding.</summary>
public class CodecBench
{
    private static readonly Type[] OneText = [typeof(string)];
    private readonly PayloadSerializer serializer = new(null, 64, 1 << 21, null);
    private readonly object?[] arguments = [Sequence.Text];
    private readonly CommandBuffer buffer = new();
    private byte[] text = [];
    private byte[] body = [];
    private byte[] column = [];
    private EventRecord row = null!;

    /// <summary>Makes what is decoded.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        text = serializer.Encode(Sequence.Text, "text");
        body = serializer.EncodeBody(arguments, OneText, "arguments", " "u8).ToArray();
        column = Commands()!;
        row = new EventRecord { RunId = Guid.NewGuid(), Gen = 0, Seq = 1, Kind = 1, At = DateTimeOffset.UnixEpoch, Payload = text, Commands = column, Schema = 1, Namespace = "default", Shard = 1 };
    }

    /// <summary>A result of 60 bytes.</summary>
    [Benchmark]
    public byte[] EncodeText() => serializer.Encode(Sequence.Text, "text");

    /// <summary>The same back.</summary>
    [Benchmark]
    public string? DecodeText() => serializer.Decode<string>(text, "text");

    /// <summary>The body of a call with one argument.</summary>
    [Benchmark]
    public int EncodeBody() => serializer.EncodeBody(arguments, OneText, "arguments", " "u8).Length;

    /// <summary>The column of a turn that calls one activity.</summary>
    [Benchmark]
    public byte[]? Commands()
    {
        buffer.Clear();
        buffer.AddHead(CommandKind.Activity, 7, "\"Echo.Echo\""u8, null);
        buffer.AddBody(body);
        return buffer.ToColumn(buffer.Bodies);
    }

    /// <summary>What replay does with that column.</summary>
    [Benchmark]
    public bool Compare()
    {
        buffer.Clear();
        buffer.AddHead(CommandKind.Activity, 7, "\"Echo.Echo\""u8, null);
        return buffer.Matches(column);
    }

    /// <summary>The checksum of a row.</summary>
    [Benchmark]
    public int Crc() => Checksum.Of(row, 42);
}
