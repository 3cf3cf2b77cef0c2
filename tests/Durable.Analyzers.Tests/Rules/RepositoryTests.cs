// The rules over every workflow of this repository: no false alarm. What tests do wrong on purpose is listed, file by file.
using Durable.Analyzers.Tests.Kit;
using Microsoft.CodeAnalysis;

namespace Durable.Analyzers.Tests.Rules;

internal sealed class RepositoryTests
{
    [TestCaseSource(typeof(RepositoryProject), nameof(RepositoryProject.WithWorkflows))]
    public async Task Only_what_is_wrong_on_purpose_is_reported(string project)
    {
        var compilation = RepositoryProject.Compile(project);
        Assert.That(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error && d.Id is not ("CS5001" or "CS8802" or "CS8795")      // no entry point of its own; generated parts are not there
            ).Select(d => d.ToString()).Take(5), Is.Empty);
        var all = (await Compiled.DiagnosticsAsync(compilation)).Where(d => d.Severity >= DiagnosticSeverity.Warning).ToList();
        var found = all.GroupBy(d => (File: d.Location.SourceTree!.FilePath, d.Id)).Select(group => $"{group.Key.File} {group.Key.Id}").Order(StringComparer.Ordinal);
        Assert.That(found, Is.EqualTo(OnPurpose.Where(line => line.StartsWith(project + "/", StringComparison.Ordinal))), string.Join('\n', all));
    }

    private static readonly string[] OnPurpose =
    [
        "bench/Durable.Bench/Flows/Rings.cs DUR6001",
        "bench/Durable.Bench/Flows/Rings.cs DUR6018",
        "bench/Durable.Bench/Flows/Waits.cs DUR6001",
        "bench/Durable.Bench/Flows/Waits.cs DUR6016",
        "bench/Durable.Bench/Flows/Waits.cs DUR6018",
        "tests/Durable.Core.Tests/Client/Flows.cs DUR6041",
        "tests/Durable.Core.Tests/Client/Flows.cs DUR6043",
        "tests/Durable.Core.Tests/Client/RefusedRequestTests.cs DUR6044",
        "tests/Durable.Core.Tests/Hosting/HostingTests.cs DUR6015",
        "tests/Durable.Core.Tests/Hosting/HostingTests.cs DUR6042",
        "tests/Durable.Core.Tests/Registration/BrokenWorkflows.cs DUR6041",
        "tests/Durable.Core.Tests/Registration/BrokenWorkflows.cs DUR6042",
        "tests/Durable.Core.Tests/Registration/BrokenWorkflows.cs DUR6043",
        "tests/Durable.Core.Tests/Registration/NamesTests.cs DUR6040",
        "tests/Durable.Core.Tests/Worker/HeldRunTests.cs DUR6030",
        "tests/Durable.Core.Tests/Worker/HoldTests.cs DUR6007",
        "tests/Durable.Core.Tests/Worker/HoldTests.cs DUR6013",
        "tests/Durable.Core.Tests/Worker/HoldTests.cs DUR6018",
        "tests/Durable.Core.Tests/Worker/HoldTests.cs DUR6030",
        "tests/Durable.Core.Tests/Worker/RetryTests.cs DUR6018",
        "tests/Durable.Simulation/Load/Killer.cs DUR6018",
        "tests/Durable.Simulation/Load/SimWorkflow.cs DUR6018",
        "tests/Durable.Testing.Tests/Kit/Workflows.cs DUR6002",
        "tests/Durable.Testing.Tests/Kit/Workflows.cs DUR6017",
        "tests/Durable.Testing.Tests/Kit/Workflows.cs DUR6018",
    ];
}
