// A thread for second instances: with a stack, a culture and a thread id that are not those of the first.
using System.Collections.Concurrent;
using System.Globalization;

namespace Durable.Testing;

/// <summary>Runs work on a thread of its own.</summary>
internal sealed class CheckThread : IDisposable
{
    private readonly BlockingCollection<Action> work = [];

    public CheckThread(int stackBytes, CultureInfo culture)
    {
        var thread = new Thread(Run, stackBytes) { IsBackground = true, Name = "Durable strict replay" };
        thread.Start();

        void Run()
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = culture;
            foreach (var action in work.GetConsumingEnumerable()) action();
        }
    }

    /// <summary>A culture unlike any that a test runs under: other decimal sign, other date order. Made here, because a machine may know none.</summary>
    public static CultureInfo Strange()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.NegativeSign = "\u2212";
        culture.DateTimeFormat.ShortDatePattern = "dd.MM.yyyy";
        culture.DateTimeFormat.LongTimePattern = "HH.mm.ss";
        return culture;
    }

    /// <summary>Runs something there.</summary>
    public Task<T> RunAsync<T>(Func<T> body)
    {
        var source = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (ExecutionContext.SuppressFlow())
        {
            work.Add(() =>
            {
                try
                {
                    source.SetResult(body());
                }
                catch (Exception error)
                {
                    source.SetException(error);
                }
            });
        }

        return source.Task;
    }

    public void Dispose() => work.CompleteAdding();
}
