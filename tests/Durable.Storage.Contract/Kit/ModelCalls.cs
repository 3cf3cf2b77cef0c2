// What FsCheck makes and shortens: a list of numbers, each of which stands for one call whatever stands before it.
using FsCheck;
using FsCheck.Fluent;

namespace Durable.Storage.Contract;

/// <summary>Calls as numbers; see <see cref="ModelSession.ApplyAsync"/>.</summary>
public sealed record ModelCalls(int[] Codes)
{
    public override string ToString() => $"[{string.Join(", ", Codes)}]";

    /// <summary>Between 20 and 80 calls; a failing list is cut into halves and then call by call.</summary>
    public static Arbitrary<ModelCalls> Calls()
    {
        var calls = from length in Gen.Choose(20, 80)
                    from codes in Gen.Choose(0, int.MaxValue).ArrayOf(length)
                    select new ModelCalls(codes);
        return Arb.From(calls, Shorten);
    }

    private static IEnumerable<ModelCalls> Shorten(ModelCalls calls)
    {
        var codes = calls.Codes;
        for (var part = codes.Length / 2; part > 0; part /= 2)
        {
            for (var at = 0; at + part <= codes.Length; at += part)
                yield return new([.. codes[..at], .. codes[(at + part)..]]);
        }
    }
}
