// How the house is built: who may use whom, how long a file may be, what is public.
using System.Text.RegularExpressions;
using Durable.Storage;

namespace Durable.Core.Tests.House;

[TestFixture]
[Category("Pure")]
public sealed partial class HouseTests
{
    private const int MaxLines = 500;

    // The folders of Durable.Core and what their files may import. Replay and Registration know each other: a definition makes
    // instances and proxies for an execution, and an execution calls definitions. Replay never sees Worker, Client or Hosting; Storage
    // sees nobody, and nobody below Worker sees a store at work.
    private static readonly Dictionary<string, string[]> Directions = new()
    {
        ["Activities"] = [],
        ["CompilerServices"] = ["Registration", "Replay"],      // what generated code calls
        ["Errors"] = [],
        ["Workflows"] = [],
        ["Storage"] = [],
        ["History"] = ["Storage"],
        ["Registration"] = ["History", "Replay"],
        ["Replay"] = ["History", "Registration", "Storage"],
        ["Diagnostics"] = ["Worker", "Storage"],
        ["Worker"] = ["Storage", "History", "Replay", "Registration", "Diagnostics", "Hosting"],
        ["Client"] = ["Storage", "History", "Replay", "Registration", "Diagnostics", "Hosting", "Worker"],
        ["Hosting"] = ["Storage", "History", "Replay", "Registration", "Diagnostics", "Worker", "Client"],
    };

    private static string Core => Path.Combine(Approved.Root, "src", "Durable.Core");

    [Test]
    public void Folders_use_only_those_that_they_may()
    {
        var folders = Directory.GetDirectories(Core).Select(folder => Path.GetFileName(folder)!).Except(["bin", "obj"]).ToList();
        Assert.That(folders.Except(Directions.Keys), Is.Empty, "a new folder needs its directions");
        Assert.Multiple(() =>
        {
            foreach (var folder in folders)
                foreach (var file in Sources(Path.Combine(Core, folder)))
                {
                    var used = Mention().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Select(name => name.Length == 0 ? "Storage" : name).Distinct();
                    Assert.That(used.Except(Directions[folder]).Except([folder]), Is.Empty, Path.GetRelativePath(Approved.Root, file));
                }
        });
    }

    [Test]
    public void A_source_file_fits_in_a_head()
    {
        foreach (var file in Sources(Path.Combine(Approved.Root, "src"))) Assert.That(File.ReadLines(file).Count(), Is.LessThanOrEqualTo(MaxLines), Path.GetRelativePath(Approved.Root, file));
    }

    [Test]
    public void No_file_is_unfinished_or_names_a_place()
    {
        Assert.Multiple(() =>
        {
            foreach (var file in Sources(Path.Combine(Approved.Root, "src")))
                Assert.That(Unfinished().Match(File.ReadAllText(file)).Value, Is.Empty, Path.GetRelativePath(Approved.Root, file));
        });
    }

    [Test]
    public void Public_types_live_in_public_namespaces()
    {
        var wrong = typeof(DurableClient).Assembly.GetExportedTypes().Where(type => type.Namespace is not ("Durable" or "Durable.Storage" or "Durable.CompilerServices" or "Microsoft.Extensions.DependencyInjection"));
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Internal_types_live_in_the_engine_or_beside_what_they_serve()
    {
        var wrong = typeof(DurableClient).Assembly.GetTypes().Where(type => !type.IsVisible && !type.IsNested && type.Namespace is { } ns && ns.StartsWith("Durable", StringComparison.Ordinal)
            && !ns.StartsWith("Durable.Engine.", StringComparison.Ordinal) && ns is not ("Durable" or "Durable.Storage"));
        Assert.That(wrong.Select(type => type.FullName), Is.Empty);
        Assert.That(typeof(IDurableStore).IsVisible, Is.True);
    }

    [TestCase(typeof(DurableClient), "PublicApi")]
    [TestCase(typeof(SqliteOptions), "PublicApi.Sqlite")]
    [TestCase(typeof(PostgresOptions), "PublicApi.Postgres")]
    [TestCase(typeof(Durable.Testing.WorkflowTestHost), "PublicApi.Testing")]
    public void The_public_surface_is_the_approved_one(Type of, string file) => Approved.File($"House/{file}.approved.txt", PublicApi.Of(of.Assembly));

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex(@"^using (?:static |\w+ = )?Durable\.(?:Engine\.(\w+)|Storage)\b", RegexOptions.Multiline)]
    private static partial Regex Mention();

    [GeneratedRegex(@"\bTODO\b|NotImplementedException|/root/|/home/|#region")]
    private static partial Regex Unfinished();
}
