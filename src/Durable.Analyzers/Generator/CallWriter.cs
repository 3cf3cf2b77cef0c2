// Typed calls as extension methods: client.StartHelloAsync("Ada"), run.ApproveAsync("ada"). Clients and handles that are no engine's get the expression.
using System.Text;
using Durable.Analyzers.Common;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Generator;

/// <summary>Writes the calls of one workflow class.</summary>
internal static class CallWriter
{
    private const string Namespace = "global::Durable.CompilerServices.";
    private const string Token = "global::System.Threading.CancellationToken";
    private const string Task = "global::System.Threading.Tasks.Task";

    // What handles have themselves would win over an extension of that name.
    private static readonly HashSet<string> OfHandles = new(StringComparer.Ordinal)
    {
        "CompletionAsync", "WaitAsync", "DescribeAsync", "ExplainAsync", "HistoryAsync", "ExportAsync", "CancelAsync", "TerminateAsync", "PurgeAsync", "PauseAsync", "ResumeAsync", "SignalAsync", "SendAsync", "QueryAsync", "UpdateAsync",
        "ResultAsync", "OutcomeAsync", "RetryAsync", "ForkAsync", "FollowAsync", "PlanForkAsync", "StartUpdateAsync",
    };

    public static void Write(StringBuilder text, INamedTypeSymbol type, List<(ISymbol Member, AttributeData Mark)> members, KnownTypes known)
    {
        var name = ActivityWriter.Outer(type) + "Calls";
        if (type.ContainingNamespace.GetTypeMembers(name).Length > 0) return;
        var space = type.ContainingNamespace.IsGlobalNamespace ? null : type.ContainingNamespace.ToDisplayString();
        if (space is not null) text.Append($"namespace {space}\n{{\n");
        text.Append($"    /// <summary>Typed calls of <see cref=\"{CodeText.Bare(type)}\"/>: as those with an expression, without making one.</summary>\n    {Access(type, members)} static class {name}\n    {{\n");
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (member, mark) in members)
        {
            if (mark.AttributeClass.Is(known.Run)) Start(text, type, (IMethodSymbol)member);
            else if (!OfHandles.Contains(Short(member.Name) + "Async") && taken.Add(Signature(member))) Handler(text, type, member, mark, known);
        }

        text.Append("    }\n");
        if (space is not null) text.Append("}\n");
    }

    private static void Start(StringBuilder text, INamedTypeSymbol type, IMethodSymbol run)
    {
        var workflow = CodeText.Bare(type);
        var result = ((INamedTypeSymbol)run.ReturnType).TypeArguments is { Length: 1 } given ? ", " + CodeText.Of(given[0]) : "";
        var call = new Call(run.Parameters, "client", "options", "cancellationToken");
        var signature = $"(this global::Durable.DurableClient {call.Target}{call.Declared}, global::Durable.StartOptions? {call.Options} = null, {Token} {call.Token} = default)";
        var inner = $"(global::Durable.DurableClient {call.Target}{call.Plain}, global::Durable.StartOptions? {call.Options}, {Token} {call.Token})";
        var gives = $"{Task}<global::Durable.RunHandle<{workflow}{result}>>";
        text.Append($"        /// <summary>Starts a run. Returns when the start is stored.</summary>\n        public static {gives} Start{type.Name}Async{signature}\n        {{\n")
            .Append($"            return {call.Target} is {Namespace}ITypedClient typed_ ? typed_.StartAsync<{workflow}{result}>({call.Array}, {call.Options}, {call.Token}) : ByExpression({call.Target}{call.Passed}, {call.Options}, {call.Token});\n")
            .Append($"            static {gives} ByExpression{inner} => {call.Target}.StartAsync(({workflow} w_) => w_.{CodeText.Name(run.Name)}({call.Names}), {call.Options}, {call.Token});\n        }}\n");
    }

    private static void Handler(StringBuilder text, INamedTypeSymbol type, ISymbol member, AttributeData mark, KnownTypes known)
    {
        var workflow = CodeText.Bare(type);
        var method = member as IMethodSymbol;
        var call = new Call(method is null ? [] : [.. method.Parameters], "run", "options", "cancellationToken");
        var isUpdate = mark.AttributeClass.Is(known.Update);
        var isQuery = mark.AttributeClass.Is(known.Query);
        var value = isQuery ? method?.ReturnType ?? ((IPropertySymbol)member).Type : isUpdate && method!.ReturnType is INamedTypeSymbol { TypeArguments: { Length: 1 } answer } ? answer[0] : null;
        var gives = value is null ? Task : $"{Task}<{CodeText.Of(value)}>";
        var verb = isUpdate ? "UpdateAsync" : isQuery ? "QueryAsync" : "SignalAsync";
        var generic = value is null ? "" : $"<{CodeText.Of(value)}>";
        var stored = mark.ConstructorArguments.FirstOrDefault() is { IsNull: false, Value: string pinned } ? pinned : Short(member.Name);
        var types = call.Types.Length == 0 ? "global::System.Type.EmptyTypes" : $"new global::System.Type[] {{ {call.Types} }}";
        var extra = isUpdate ? $", global::Durable.UpdateOptions? {call.Options} = null" : "";
        var pass = isUpdate ? $", {call.Options}" : "";
        var expression = member is IPropertySymbol ? $"w_ => w_.{CodeText.Name(member.Name)}" : $"w_ => w_.{CodeText.Name(member.Name)}({call.Names})";
        var declares = isUpdate ? $", global::Durable.UpdateOptions? {call.Options}" : "";
        text.Append($"        /// <summary>{(isUpdate ? "Asks the run and waits for its answer" : isQuery ? "Reads from the run" : "Sends the signal")}.</summary>\n")
            .Append($"        public static {gives} {Short(member.Name)}Async(this global::Durable.RunHandle<{workflow}> {call.Target}{call.Declared}{extra}, {Token} {call.Token} = default)\n        {{\n")
            .Append($"            return {call.Target} is {Namespace}ITypedRun typed_ ? typed_.{verb}{generic}({Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(stored, true)}, {call.Array}, {types}{pass}, {call.Token}) : ByExpression({call.Target}{call.Passed}{pass}, {call.Token});\n")
            .Append($"            static {gives} ByExpression(global::Durable.RunHandle<{workflow}> {call.Target}{call.Plain}{declares}, {Token} {call.Token}) => {call.Target}.{verb}({expression}{pass}, {call.Token});\n        }}\n");
    }

    // Poke(int) and PokeAsync(int) would be one extension; the first has it.
    private static string Signature(ISymbol member) => $"{Short(member.Name)}({(member is IMethodSymbol method ? string.Join(",", method.Parameters.Select(parameter => CodeText.Bare(parameter.Type))) : "")})";

    private static string Short(string name) => name.Length > 5 && name.EndsWith("Async", StringComparison.Ordinal) ? name.Substring(0, name.Length - 5) : name;

    private static string Access(INamedTypeSymbol type, List<(ISymbol Member, AttributeData Mark)> members) =>
        members.All(found => Types(found.Member).All(IsPublic)) ? ActivityWriter.Access(type) : "internal";

    private static IEnumerable<ITypeSymbol> Types(ISymbol member) => member is IMethodSymbol method ? method.Parameters.Select(parameter => parameter.Type).Append(method.ReturnType) : [((IPropertySymbol)member).Type];

    private static bool IsPublic(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsPublic(array.ElementType),
        INamedTypeSymbol named => ActivityWriter.Access(named) == "public" && named.TypeArguments.All(IsPublic),
        _ => true,
    };

    // The parameters of a member between the names that the extension itself needs.
    private sealed class Call
    {
        private readonly IReadOnlyList<IParameterSymbol> parameters;

        public Call(IReadOnlyList<IParameterSymbol> parameters, string target, string options, string token)
        {
            this.parameters = parameters;
            Target = Free(target);
            Options = Free(options);
            Token = Free(token);
        }

        public string Target { get; }

        public string Options { get; }

        public string Token { get; }

        public string Declared => string.Concat(parameters.Select(p => $", {CodeText.Of(p.Type)} {CodeText.Name(p.Name)}{(p.HasExplicitDefaultValue && CodeText.Default(p) is { } value ? " = " + value : "")}"));

        public string Plain => string.Concat(parameters.Select(p => $", {CodeText.Of(p.Type)} {CodeText.Name(p.Name)}"));

        public string Passed => string.Concat(parameters.Select(p => ", " + CodeText.Name(p.Name)));

        public string Names => string.Join(", ", parameters.Select(p => CodeText.Name(p.Name)));

        public string Array => parameters.Count == 0 ? "global::System.Array.Empty<object?>()" : $"new object?[] {{ {Names} }}";

        public string Types => string.Join(", ", parameters.Select(p => $"typeof({CodeText.Bare(p.Type)})"));

        private string Free(string name)
        {
            while (parameters.Any(parameter => parameter.Name == name)) name += "_";
            return name;
        }
    }
}
