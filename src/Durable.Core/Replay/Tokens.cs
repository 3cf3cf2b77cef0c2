// Completion tokens of promises: nobody can make one up without the run's secret (DECISIONS 18).
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Durable.Engine.Replay;

/// <summary>base64url of run id, generation, ordinal and 16 bytes of HMAC-SHA256 over them.</summary>
internal static class Tokens
{
    private const int Body = 24;
    private const int Size = Body + 16;

    /// <summary>Makes a token.</summary>
    public static string Create(Guid runId, int gen, int ordinal, ReadOnlySpan<byte> secret)
    {
        Span<byte> bytes = stackalloc byte[Size];
        runId.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(bytes[16..], gen);
        BinaryPrimitives.WriteInt32BigEndian(bytes[20..], ordinal);
        Sign(bytes[..Body], secret, bytes[Body..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads which command a token names, without trusting it.</summary>
    public static bool TryRead(string token, out Guid runId, out int gen, out int ordinal)
    {
        Span<byte> bytes = stackalloc byte[Size];
        (runId, gen, ordinal) = (Guid.Empty, 0, 0);
        if (token.Length > 64 || !Base64Url.IsValid(token, out var length) || length != Size) return false;
        Base64Url.DecodeFromChars(token, bytes);
        runId = new Guid(bytes[..16], bigEndian: true);
        gen = BinaryPrimitives.ReadInt32BigEndian(bytes[16..]);
        ordinal = BinaryPrimitives.ReadInt32BigEndian(bytes[20..]);
        return true;
    }

    /// <summary>True if the token was made with this secret. Constant time.</summary>
    public static bool IsGenuine(string token, ReadOnlySpan<byte> secret)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (!Base64Url.IsValid(token, out var length) || length != Size) return false;
        Base64Url.DecodeFromChars(token, bytes);
        Span<byte> expected = stackalloc byte[16];
        Sign(bytes[..Body], secret, expected);
        return CryptographicOperations.FixedTimeEquals(bytes[Body..], expected);
    }

    private static void Sign(ReadOnlySpan<byte> body, ReadOnlySpan<byte> secret, Span<byte> signature)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(secret, body, mac);
        mac[..16].CopyTo(signature);
    }
}
