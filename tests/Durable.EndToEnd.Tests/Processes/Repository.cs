// Where the programs under test and the documents are.
namespace Durable.EndToEnd.Tests;

/// <summary>Paths of the repository that this assembly was built from.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution file.</summary>
    public static string Root { get; } = Find();

    /// <summary>The same configuration as this assembly's own.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>The program of a project.</summary>
    /// <param name="project">Folder of the project, from the root.</param>
    /// <param name="assembly">Name of its assembly.</param>
    public static string Program(string project, string assembly)
    {
        var path = Path.Combine(Root, project, "bin", Configuration, "net10.0", assembly + ".dll");
        Assert.That(File.Exists(path), $"{path} is not built");
        return path;
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Durable.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Durable.sln above {AppContext.BaseDirectory}.");
    }
}
