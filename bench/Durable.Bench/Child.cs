// What a second process of a workload does: it is this program again, told by its first argument.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Bench;

/// <summary>Both ends of a child process.</summary>
internal static class Child
{
    /// <summary>First argument of a child.</summary>
    public const string Command = "child";

    /// <summary>Starts a child.</summary>
    /// <param name="arguments">What to do (hang, finish, serve), store, address, runs, identity, lease in seconds, "deaf" for no LISTEN.</param>
    public static Process Start(params string[] arguments) => Start([], arguments);

    /// <summary>Starts a child with more variables in its environment.</summary>
    public static Process Start(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(Child).Assembly.Location);       // begun as dotnet Durable.Bench.dll
        foreach (var argument in arguments.Prepend(Command)) start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("The child could not be started.");
    }

    /// <summary>Waits for a line that begins so.</summary>
    /// <param name="child">The child.</param>
    /// <param name="word">Its beginning.</param>
    /// <param name="echo">Whether to print the lines before it.</param>
    public static async Task<string> ReadAsync(Process child, string word, bool echo = false)
    {
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(word, StringComparison.Ordinal)) return line;
            if (echo) Console.WriteLine(line);
        }

        throw new InvalidOperationException($"The child ended without '{word}'.");
    }

    /// <summary>The child's side.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (arguments[0] == SleepersHost.Verb) return await SleepersHost.RunAsync(arguments[1], arguments[2], int.Parse(arguments[3], CultureInfo.InvariantCulture), int.Parse(arguments[4], CultureInfo.InvariantCulture), int.Parse(arguments[5], CultureInfo.InvariantCulture), arguments is [.., SleepersHost.Profile]);
        var since = Stopwatch.GetTimestamp();
        var place = Kinds.At(arguments[1], arguments[2]);
        var runs = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        var finishing = arguments[0] == "finish";
        await using var host = await EngineHost.StartAsync(arguments is [.., "deaf"] ? place.ConfigureDeaf : place.Configure, new StoreCounts(), options =>
        {
            options.MaxConcurrentActivities = runs + 100;
            options.Identity = arguments[4];
            options.Lease = TimeSpan.FromSeconds(int.Parse(arguments[5], CultureInfo.InvariantCulture));
        }, echo: new Echo { LetsGo = finishing });
        var begun = Stopwatch.GetElapsedTime(since).TotalSeconds;
        if (arguments[0] == "serve")
        {
            Console.WriteLine("SERVING");
            await Task.Delay(Timeout.Infinite);
        }

        if (finishing)
        {
            Console.WriteLine("STARTED");
            var open = new RunFilter { Status = [RunStatus.Pending, RunStatus.Running] };           // one question for all: a thousand waits would be a thousand reads in what is measured
            while (await host.Client.CountAsync(open) > 0) await Task.Delay(5);
            Console.WriteLine(FormattableString.Invariant($"DONE {begun:0.000}"));
            return 0;
        }

        await ClosedLoop.RunAsync(runs, runs, i => host.Client.StartAsync((Hanger w) => w.RunAsync(), new StartOptions { Id = IdOf(i) }));
        while (host.Echo.Hanging < runs) await Task.Delay(5);
        Console.WriteLine("HANGING");
        await Task.Delay(Timeout.Infinite);
        return 1;
    }

    private static string IdOf(int number) => FormattableString.Invariant($"hanger-{number:D6}");
}
