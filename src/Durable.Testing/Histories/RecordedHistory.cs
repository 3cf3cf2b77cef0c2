// A run's history with assertions that need no test framework: what is not as expected throws, with the history in the message.
using System.Text;
using System.Text.Json;

namespace Durable.Testing;

/// <summary>What happened in a run, in order: arrivals, and the commands that the code issued because of them.</summary>
/// <remarks>An event is written as its kind, and its name if it has one: <c>RunStarted</c>, <c>ActivityScheduled Payments.Charge</c>, <c>TimerStarted</c>, <c>SignalReceived Approve</c>.</remarks>
public sealed class RecordedHistory
{
    private readonly string workflowId;

    internal RecordedHistory(string workflowId, IReadOnlyList<RunEvent> events)
    {
        this.workflowId = workflowId;
        Events = events;
        Lines = [.. events.Select(LineOf)];
    }

    /// <summary>All events.</summary>
    public IReadOnlyList<RunEvent> Events { get; }

    /// <summary>All events as text.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>Stored names of the activities that were called, in order: <c>Payments.Charge</c>.</summary>
    public IReadOnlyList<string> Activities => Named("ActivityScheduled");

    /// <summary>Names of the steps that were called, in order.</summary>
    public IReadOnlyList<string> Steps => Named("StepScheduled");

    /// <summary>How often an event is there.</summary>
    /// <param name="expected">Kind, or kind and name.</param>
    public int Count(string expected) => Lines.Count(line => Matches(line, expected));

    /// <summary>Demands that these events are there in this order; others may stand between them.</summary>
    /// <param name="expected">Kinds, or kinds and names.</param>
    /// <returns>This history.</returns>
    /// <exception cref="WorkflowTestException">One is missing, or comes too early.</exception>
    public RecordedHistory Has(params IReadOnlyList<string> expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        var at = 0;
        foreach (var wanted in expected)
        {
            var found = Enumerable.Range(at, Lines.Count - at).FirstOrDefault(i => Matches(Lines[i], wanted), -1);
            if (found < 0) throw Unlike($"'{wanted}' is not there{(at == 0 ? "" : $" after '{Lines[at - 1]}'")}");
            at = found + 1;
        }

        return this;
    }

    /// <summary>Demands that none of these events is there.</summary>
    /// <param name="unwanted">Kinds, or kinds and names.</param>
    /// <returns>This history.</returns>
    /// <exception cref="WorkflowTestException">One is there.</exception>
    public RecordedHistory HasNo(params IReadOnlyList<string> unwanted)
    {
        ArgumentNullException.ThrowIfNull(unwanted);
        foreach (var one in unwanted)
            if (Lines.FirstOrDefault(line => Matches(line, one)) is { } found) throw Unlike($"'{found}' should not be there");
        return this;
    }

    /// <summary>The whole history, a line for each event.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var one in Events) text.Append(one.At.ToString("u")).Append("  ").Append(one.Position.PadRight(8)).AppendLine(LineOf(one));
        return text.ToString();
    }

    private static bool Matches(string line, string expected) => line == expected || (line.StartsWith(expected, StringComparison.Ordinal) && line[expected.Length] == ' ');

    private static string LineOf(RunEvent one) => one.Data.ValueKind == JsonValueKind.Object && one.Data.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? $"{one.Kind} {name.GetString()}" : one.Kind;

    private List<string> Named(string kind) => [.. Lines.Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..])];

    private WorkflowTestException Unlike(string what) => new(DurableErrorCodes.RequestInvalid, $"The history of run '{workflowId}' is not as expected: {what}. It is:\n{this}");
}
