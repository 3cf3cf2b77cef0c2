// Where in the user's source a replay went another way: the code runs once more, and says on whose stack the differing command was issued.
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>Finds the line of a difference.</summary>
internal static partial class SourceLine
{
    /// <summary>The verdict of replaying rows, with the line if code and history differ.</summary>
    /// <param name="make">Makes an execution that tells of its commands, or of none.</param>
    /// <param name="rows">The stored rows.</param>
    public static Verdict? Check(Func<Action<WorkflowExecution, CommandKind, int>?, WorkflowExecution> make, IReadOnlyList<EventRecord> rows)
    {
        var verdict = make(null).Replay(rows);
        return verdict is null ? null : Locate(verdict, make, rows);
    }

    /// <summary>Adds the line to a verdict about a difference; any other is given back as it is.</summary>
    public static Verdict Locate(Verdict verdict, Func<Action<WorkflowExecution, CommandKind, int>?, WorkflowExecution> make, IReadOnlyList<EventRecord> rows)
    {
        if (verdict.Code != DurableErrorCodes.Diverged || verdict.Source is not null || verdict.Row < 0) return verdict;
        var total = 0;
        string? line = null;
        var execution = make((self, kind, _) =>
        {
            if (self.Row < verdict.Row) total++;
            else if (self.Commands.Count == verdict.Index) line ??= Here(self, kind);
        });
        execution.Replay(rows);
        line ??= execution.End?.Failure is { } failure ? OfFailure(failure) : null;
        return Told(verdict, line is not null ? $"at {line}" : After(verdict, make, rows, total));
    }

    /// <summary>The first frame of the user's own code on this stack, or null.</summary>
    public static string? Here(StackTrace stack)
    {
        string? nameless = null;
        foreach (var frame in stack.GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { } type } method || IsForeign(type)) continue;
            if (frame.GetFileName() is { } file) return string.Create(CultureInfo.InvariantCulture, $"{NameOf(type, method.Name)} in {file}:line {frame.GetFileLineNumber()}");
            nameless ??= NameOf(type, method.Name);
        }

        return nameless;
    }

    // The code issued fewer commands than were recorded: the line that it came to last is the best there is.
    private static string After(Verdict verdict, Func<Action<WorkflowExecution, CommandKind, int>?, WorkflowExecution> make, IReadOnlyList<EventRecord> rows, int total)
    {
        var (count, line) = (0, (string?)null);
        make((self, kind, _) =>
        {
            count++;
            if (self.Row == verdict.Row || (self.Row < verdict.Row && count == total)) line = Here(self, kind) ?? line;
        }).Replay(rows);
        return line is null ? "" : $"after {line}";
    }

    private static Verdict Told(Verdict verdict, string line) => line.Length == 0 ? verdict : verdict with { Source = line, Message = $"{verdict.Message} In your code: {line}." };

    private static string? Here(WorkflowExecution execution, CommandKind kind) =>
        kind is CommandKind.Complete or CommandKind.Fail or CommandKind.Cancelled ? execution.End?.Failure is { } failure ? OfFailure(failure) : null : Here(new StackTrace(2, fNeedFileInfo: true));

    private static string? OfFailure(Failure failure) => failure.StackTrace is { } trace && Frame().Match(trace) is { Success: true } match ? match.Groups[1].Value : null;

    private static bool IsForeign(Type type)
    {
        var name = type.Assembly.GetName().Name ?? "";
        return type.Assembly == typeof(SourceLine).Assembly || type.Assembly.IsDynamic || name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || name == "Durable.Testing";
    }

    // An async method is a class of the compiler's with a MoveNext.
    private static string NameOf(Type type, string method) =>
        type.DeclaringType is { } outer && Compiled().Match(type.Name) is { Success: true } match ? $"{NameOf(outer, match.Groups[1].Value)}" : $"{type.Name}.{method}";

    [GeneratedRegex(@"^<(\w+)>")]
    private static partial Regex Compiled();

    [GeneratedRegex(@"at (?!System\.|Durable\.Engine\.)(.+? in .+?:line \d+)")]
    private static partial Regex Frame();
}
