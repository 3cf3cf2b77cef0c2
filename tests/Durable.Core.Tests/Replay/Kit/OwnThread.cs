// Runs a piece of a test on a thread of its own, with a stack size and a culture.
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Durable.Core.Tests.Replay;

internal static class OwnThread
{
    public const int SmallStack = 256 * 1024;
    public const int MiddleStack = 1024 * 1024;
    public const int LargeStack = 16 * 1024 * 1024;

    /// <summary>How long a test waits for what must come. DURABLE_TEST_PATIENCE shortens it where it may not come (docs/broken-engines.md).</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("DURABLE_TEST_PATIENCE") ?? "120", CultureInfo.InvariantCulture));

    public static T Run<T>(int stack, string culture, Func<T> body)
    {
        var result = default(T);
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(culture);
            try
            {
                result = body();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        }, stack) { IsBackground = true };
        thread.Start();
        if (!thread.Join(Patience)) Assert.Fail("The code did not give its thread back.");
        failure?.Throw();
        return result!;
    }
}
