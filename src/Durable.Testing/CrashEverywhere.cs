// A scenario once for each place at which a process can die, and each way of dying; whatever happens, the result must be the same.
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Durable.Testing;

/// <summary>
/// Runs a scenario undisturbed, and then once for each commit of the engine and each of: the process dies before it, the process dies right after it, another process has
/// taken the runs over (an expired lease), everything sent so far is delivered again. Result, ends of all runs and the program's invariants must stay as they were.
/// </summary>
/// <remarks>Between two commits nothing is durable, so these are all the places that matter: each await of a workflow is followed by one. Activities may run more than once in
/// all of this, as in life; count effects by their idempotency key.</remarks>
public static partial class CrashEverywhere
{
    private static readonly (string Name, CommitFault Fault)[] Faults =
        [("kill-before", CommitFault.KillBefore), ("kill-after", CommitFault.KillAfter), ("expired-lease", CommitFault.Expire), ("redelivery", CommitFault.Redeliver)];

    /// <summary>Runs a scenario whose fakes keep no state.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="configure">Registers workflows and activities.</param>
    /// <param name="scenario">Starts runs, signals, waits; the result is compared.</param>
    /// <param name="options">Sets options, or null for all cases.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="WorkflowTestException">A case went another way; the message names it and says how to run it alone.</exception>
    public static Task<CrashReport> RunAsync<T>(Action<DurableBuilder> configure, Func<WorkflowTestHost, Task<T>> scenario, Action<CrashOptions>? options = null)
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(scenario);
        return RunAsync(() => new Functions<T>(configure, scenario), options);
    }

    /// <summary>Runs a program with its own fakes and invariants: one object for each case.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="program">Makes the program of a case.</param>
    /// <param name="options">Sets options, or null for all cases.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="WorkflowTestException">A case went another way, or broke an invariant.</exception>
    public static async Task<CrashReport> RunAsync<T>(Func<CrashProgram<T>> program, Action<CrashOptions>? options = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        var chosen = new CrashOptions();
        options?.Invoke(chosen);
        var (expected, commits, _) = await CaseAsync(program(), _ => CommitFault.None).ConfigureAwait(false);
        if (commits > chosen.MaxCommits)
            throw new WorkflowTestException(DurableErrorCodes.RequestInvalid, $"The scenario makes {commits} commits; at most {chosen.MaxCommits} are tried (CrashOptions.MaxCommits). Cut it into smaller ones.");
        var cases = new List<string>();
        foreach (var (name, choose) in Cases(commits, chosen))
        {
            if (chosen.Only is { } only && only != name) continue;
            try
            {
                var (result, _, done) = await CaseAsync(program(), choose).ConfigureAwait(false);
                if (result != expected) throw new WorkflowTestException(DurableErrorCodes.RequestInvalid, $"The result is another one.\nUndisturbed:\n{expected}\nNow:\n{result}");
                chosen.Log?.Invoke($"{name}: {(done > 0 ? "the same" : "not reached")}");
                if (done > 0) cases.Add(name);
            }
            catch (Exception error)
            {
                chosen.Log?.Invoke($"{name}: failed");
                throw new WorkflowTestException((error as DurableException)?.Code ?? DurableErrorCodes.RequestInvalid,
                    $"Case {name} of {commits} commits failed: {error.Message}\nRun it alone with CrashEverywhere.RunAsync(…, options => options.Only = \"{name}\").", error) { SourceLine = (error as WorkflowTestException)?.SourceLine };
            }
        }

        if (chosen.Only is not null && cases.Count == 0) throw new WorkflowTestException(DurableErrorCodes.RequestInvalid, $"There is no case '{chosen.Only}', or its place was not reached. Names are printed by CrashOptions.Log.");
        return new CrashReport(commits, cases);
    }

    private static IEnumerable<(string Name, Func<int, CommitFault> Choose)> Cases(int commits, CrashOptions options)
    {
        for (var at = 1; at <= commits; at++)
            foreach (var (name, fault) in Faults)
            {
                var (here, what) = (at, fault);
                yield return (string.Create(CultureInfo.InvariantCulture, $"{name}:{at}"), commit => commit == here ? what : CommitFault.None);
            }

        for (var seed = options.Seed; seed < options.Seed + options.RandomRuns; seed++)
        {
            var random = new Random(seed);
            var plan = Enumerable.Range(0, 10).Select(_ => (At: random.Next(1, commits * 2 + 1), Faults[random.Next(Faults.Length)].Fault)).GroupBy(one => one.At).ToDictionary(group => group.Key, group => group.First().Fault);
            yield return (string.Create(CultureInfo.InvariantCulture, $"random:{seed}"), commit => plan.GetValueOrDefault(commit));
        }
    }

    private static async Task<(string Result, int Commits, int Done)> CaseAsync<T>(CrashProgram<T> program, Func<int, CommitFault> choose)
    {
        var script = new CommitScript(choose);
        await using var host = await WorkflowTestHost.StartAsync(program.Configure, new WorkflowTestOptions(), script).ConfigureAwait(false);
        script.Host = host;
        var result = await program.RunAsync(host).ConfigureAwait(false);
        await host.SettleAsync().ConfigureAwait(false);
        if (script.Broken is { } broken) throw new WorkflowTestException(DurableErrorCodes.HistoryBroken, $"A fault of the engine: {broken}.");
        program.Check(result);
        var ends = new List<string>();
        await foreach (var run in host.Client.ListAsync().ConfigureAwait(false)) ends.Add($"{ChildNumber().Replace(run.WorkflowId, "//")} {run.Workflow} {run.Status}");
        ends.Sort(StringComparer.Ordinal);
        return ($"{JsonSerializer.Serialize(result)}\n{string.Join('\n', ends)}", script.Commits, script.Done);
    }

    // Ids that the library makes for children count the calls before them, and a signal may come before or after a call.
    [GeneratedRegex(@"//\d+\.\d+")]
    private static partial Regex ChildNumber();

    private sealed class Functions<T>(Action<DurableBuilder> configure, Func<WorkflowTestHost, Task<T>> scenario) : CrashProgram<T>
    {
        public override void Configure(DurableBuilder durable) => configure(durable);

        public override Task<T> RunAsync(WorkflowTestHost host) => scenario(host);
    }
}
