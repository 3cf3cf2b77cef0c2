// A project of this repository as a compilation: its files, and the assemblies that its build put beside it.
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Durable.Analyzers.Tests.Kit;

/// <summary>Reads projects of the repository.</summary>
internal static class RepositoryProject
{
    /// <summary>The folder of Durable.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The configuration that this test was built in.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Folders of projects that have workflow classes.</summary>
    public static IEnumerable<string> WithWorkflows => new[] { "samples", "tests", "bench" }.SelectMany(folder => Directory.GetDirectories(Path.Combine(Root, folder)))
        .Where(folder => Path.GetFileName(folder) != "Durable.Analyzers.Tests" && Directory.GetFiles(folder, "*.csproj").Length > 0 && Sources(folder).Any(file => File.ReadAllText(file).Contains("[Run]", StringComparison.Ordinal)))
        .Select(folder => Path.GetRelativePath(Root, folder).Replace('\\', '/'));

    /// <summary>Compiles a project's source as its build does.</summary>
    public static CSharpCompilation Compile(string folder)
    {
        var path = Path.Combine(Root, folder);
        var name = AssemblyNameOf(path);
        var output = Path.Combine(path, "bin", Configuration, "net10.0");
        Assert.That(Directory.Exists(output), output + " is there: the project was built");
        var beside = new Dictionary<string, string>(StringComparer.Ordinal);      // its own first; a library's packages lie beside the programs that use it
        foreach (var file in Outputs().Prepend(output).Append(Web(path)).Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*.dll")))
            if (Path.GetFileNameWithoutExtension(file) != name && !file.EndsWith(".Tests.dll", StringComparison.Ordinal)) beside.TryAdd(Path.GetFileName(file), file);      // no test refers to another test
        var references = beside.Values.Select(file => (MetadataReference)MetadataReference.CreateFromFile(file))
            .Concat(((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(file => !beside.ContainsKey(Path.GetFileName(file)) && Path.GetFileNameWithoutExtension(file) != name)
                .Where(file => !Path.GetFileName(file).StartsWith("Durable.", StringComparison.Ordinal)).Select(file => (MetadataReference)MetadataReference.CreateFromFile(file)));
        var parse = new CSharpParseOptions(LanguageVersion.Preview);
        var usings = Compiled.Usings.Replace(" global using Durable;", "", StringComparison.Ordinal) + (beside.ContainsKey("nunit.framework.dll") ? " global using NUnit.Framework;" : "");
        var trees = Sources(path).Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), parse, Path.GetRelativePath(Root, file).Replace('\\', '/'))).Append(CSharpSyntaxTree.ParseText(usings, parse));
        return CSharpCompilation.Create(name, trees, references.ToImmutableArray(), Compiled.Options.WithOutputKind(OutputKind.ConsoleApplication).WithMetadataImportOptions(MetadataImportOptions.Internal));
    }

    private static IEnumerable<string> Outputs() => new[] { "samples", "tests" }.SelectMany(folder => Directory.GetDirectories(Path.Combine(Root, folder)))
        .Where(folder => Path.GetFileName(folder) != "Durable.Analyzers.Tests").Select(folder => Path.Combine(folder, "bin", Configuration, "net10.0"));

    // Its own files, and those of others that it compiles too.
    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")).Order(StringComparer.Ordinal)
        .Concat(ProjectOf(folder).Descendants("Compile").Select(item => item.Attribute("Include")?.Value).OfType<string>().SelectMany(includes => includes.Split(';')).SelectMany(include => Linked(Path.GetFullPath(Path.Combine(folder, include)))));

    private static string[] Linked(string include) => include.Contains('*', StringComparison.Ordinal)
        ? Directory.GetFiles(Path.GetDirectoryName(include)!, Path.GetFileName(include))
        : [include];

    private static string AssemblyNameOf(string folder) => ProjectOf(folder).Descendants("AssemblyName").FirstOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(Directory.GetFiles(folder, "*.csproj").Single());

    // The web framework, if the project asks for it: it lies beside the one that this test runs on.
    private static string Web(string folder) => ProjectOf(folder).Descendants("FrameworkReference").Any()
        ? Path.GetDirectoryName(typeof(object).Assembly.Location)!.Replace("Microsoft.NETCore.App", "Microsoft.AspNetCore.App", StringComparison.Ordinal)
        : "";

    private static System.Xml.Linq.XDocument ProjectOf(string folder) => System.Xml.Linq.XDocument.Load(Directory.GetFiles(folder, "*.csproj").Single());

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Durable.sln"))) return folder.FullName;
        throw new InvalidOperationException("Durable.sln is not above the test.");
    }
}
